"""Whatever bytes arrive, the server answers or closes, never with a 500, and goes on serving."""

import socket

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.protocol.served import Served, request_bytes

GOOD = request_bytes(body=b'{"n":1}')
PIECES = [b"POST / HTTP/1.1\r\n", b"GET / HTTP/1.0\r\n", b"Host: a\r\n", b"\r\n", b"\r\n\r\n", b"Content-Length: 5\r\n"]
PIECES += [b"Transfer-Encoding: chunked\r\n", b"5\r\nabcde\r\n", b"0\r\n\r\n", b"Content-Encoding: identity\r\n"]
PIECES += [
    b"Expect: 100-continue\r\n",
    b"Connection: close\r\n",
    b"Upgrade: h2c\r\nConnection: Upgrade\r\n",
    b"{}",
    GOOD,
]
PIECES += [b"OPTIONS * HTTP/1.1\r\n", b"Origin: x\r\n", b"X-Amz-Target: \xff\xfe\r\n", b"Authorization: AWS4-\xff\r\n"]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data) - 1))
        data[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
        if not data:
            break
    return bytes(data)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(mutated(), st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join), st.binary(max_size=300)))
def test_any_bytes(server: Served, data: bytes) -> None:
    answer = b""
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        try:
            while more := client.recv(65536):
                answer += more
        except ConnectionResetError:
            pass
    assert b"HTTP/1.1 5" not in answer
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
    assert server.ask(GOOD).body == b'{"n":1}'
    server.clients.pop().socket.close()
