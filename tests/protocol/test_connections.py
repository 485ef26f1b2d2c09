"""What a connection does over time: keep-alive, pipelines, limits, slow clients, the end."""

import json
import socket
import ssl
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.served import AUTHORIZATION, Served, chunked, request_bytes

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
TOO_LARGE = "com.amazon.coral.service#RequestEntityTooLarge"


EXPECT: dict[str, str | None] = {"Expect": "100-continue"}


class TestKeepAlive:
    def test_many_requests_on_one_connection(self, server: Served) -> None:
        client = server.client()
        for number in range(50):
            assert client.ask(request_bytes(body=b'{"n":%d}' % number)).body == b'{"n":%d}' % number

    def test_close_when_asked(self, server: Served) -> None:
        client = server.client()
        reply = client.ask(request_bytes(headers={"Connection": "close"}))
        assert reply.headers["connection"] == "close"
        assert client.closed()

    def test_http_1_0_closes(self, server: Served) -> None:
        client = server.client()
        reply = client.ask(request_bytes(version="1.0", headers={"Host": None}))
        assert (reply.status, reply.headers["connection"]) == (200, "close")
        assert client.closed()

    def test_http_1_0_may_ask_to_stay(self, server: Served) -> None:
        client = server.client()
        data = request_bytes(version="1.0", headers={"Connection": "keep-alive"})
        assert client.ask(data).headers["connection"] == "keep-alive"
        assert client.ask(data).status == 200

    def test_a_client_may_close_its_half(self, server: Served) -> None:
        client = server.client()
        client.send(request_bytes("Later", b'{"n":1}') + request_bytes("Later", b'{"n":2}'))
        client.socket.shutdown(socket.SHUT_WR)
        assert [client.reply().body, client.reply().body] == [b'{"later":1}', b'{"later":2}']
        assert client.closed()

    def test_an_upgrade_is_not_followed(self, server: Served) -> None:
        client = server.client()
        headers: dict[str, str | None] = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}
        client.send(b"".join(request_bytes(body=b'{"n":%d}' % n, headers=headers) for n in range(3)))
        assert [client.reply().body for _ in range(3)] == [b'{"n":%d}' % n for n in range(3)]
        assert client.ask(request_bytes()).status == 200

    def test_no_tunnels(self, server: Served) -> None:
        client = server.client()
        assert client.ask(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\n\r\n").status == 405
        assert client.closed()


class TestPipelines:
    def test_replies_come_in_order(self, server: Served) -> None:
        client = server.client()
        client.send(b"".join(request_bytes(("Later", "Echo")[n % 2], b'{"n":%d}' % n) for n in range(100)))
        for n in range(100):
            assert client.reply().body == (b'{"n":%d}' if n % 2 else b'{"later":%d}') % n

    def test_one_at_a_time(self, server: Served) -> None:
        server.house.threads.clear()
        server.house.completed.clear()
        client = server.client()
        client.send(request_bytes("Wait", b'{"n":1}') + request_bytes("Echo", b'{"n":2}'))
        assert server.house.threads.wait(5)
        client.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(10)
        server.call(server.house.gate.set)
        assert [client.reply().body, client.reply().body] == [b'{"waited":true}', b'{"n":2}']
        server.call(server.house.gate.clear)

    def test_a_long_pipeline_is_not_read_ahead(self, serving: Any) -> None:
        with serving(pipelined_requests_max=2) as server:
            client = server.client()
            client.send(request_bytes("Wait"))
            assert server.house.threads.wait(5)
            client.socket.settimeout(0.5)
            sent = 0
            block = request_bytes(body=b'{"a":"%b"}' % (b"x" * 60_000)) * 20
            with pytest.raises(TimeoutError):
                while sent < 400_000_000:
                    sent += client.socket.send(block)
            assert sent < 50_000_000
            server.call(server.house.gate.set)
            client.socket.settimeout(10)
            assert client.reply().body == b'{"waited":true}'
            assert client.reply().status == 200

    def test_what_follows_a_close_is_not_run(self, server: Served) -> None:
        client = server.client()
        client.send(request_bytes(headers={"Connection": "close"}) + request_bytes())
        assert client.reply().status == 200
        assert client.closed()


class TestBodies:
    def test_chunked(self, server: Served) -> None:
        data = request_bytes(body=b"", headers={"Transfer-Encoding": "chunked"}, length=False)
        assert server.ask(data + chunked(b'{"a"', b":", b"1}")).body == b'{"a":1}'

    def test_trailers_are_no_headers(self, server: Served) -> None:
        data = request_bytes(body=b"", headers={"Transfer-Encoding": "chunked", "Authorization": None}, length=False)
        trailer = f"2\r\n{{}}\r\n0\r\nAuthorization: {AUTHORIZATION}\r\n\r\n".encode()
        assert json.loads(server.ask(data + trailer).body)["__type"].endswith("MissingAuthenticationTokenException")

    def test_split_everywhere(self, server: Served) -> None:
        client = server.client()
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = request_bytes(body=b'{"n":1}')
        for at in range(len(data)):
            client.send(data[at : at + 1])
        assert client.reply().body == b'{"n":1}'

    def test_length_and_chunks_together_are_refused(self, server: Served) -> None:
        client = server.client()
        data = request_bytes(body=b"", headers={"Transfer-Encoding": "chunked", "Content-Length": "2"})
        assert client.ask(data + chunked(b"{}")).status == 400
        assert client.closed()

    @pytest.mark.parametrize("in_chunks", [False, True])
    def test_the_largest_body(self, serving: Any, in_chunks: bool) -> None:
        with serving(body_bytes_max=100_000) as server:
            for size, status in ((100_000, 200), (100_001, 413)):
                body = b'{"a":"%b"}' % (b"x" * (size - 8))
                if in_chunks:
                    head = request_bytes(body=b"", headers={"Transfer-Encoding": "chunked"}, length=False)
                    data = head + chunked(body[:50_000], body[50_000:])
                else:
                    data = request_bytes(body=body)
                client = server.client()
                reply = client.ask(data)
                assert reply.status == status
                if status == 413:
                    assert json.loads(reply.body)["__type"] == TOO_LARGE
                    assert reply.headers["connection"] == "close"
                    assert client.closed()

    def test_sixteen_megabytes(self, server: Served) -> None:
        for size, status in ((16 * 2**20, 404), (16 * 2**20 + 1, 413)):
            client = server.client()
            assert client.ask(request_bytes(body=b"a" * size, headers={"Content-Type": "none"})).status == status

    def test_a_client_that_keeps_sending_can_read_the_refusal(self, serving: Any) -> None:
        with serving(body_bytes_max=1000) as server:
            client = server.client()
            client.send(request_bytes(body=b"", headers={"Content-Length": "5000000"}))
            client.send(b"x" * 5_000_000)
            assert client.reply().status == 413

    def test_a_refusal_waits_for_the_replies_before_it(self, serving: Any) -> None:
        with serving(body_bytes_max=1000) as server:
            client = server.client()
            client.send(request_bytes("Later", b'{"n":7}') + request_bytes(body=b"x" * 1001))
            assert client.reply().body == b'{"later":7}'
            assert client.reply().status == 413

    def test_endless_trailers(self, server: Served) -> None:
        client = server.client()
        data = request_bytes(body=b"", headers={"Transfer-Encoding": "chunked"}, length=False)
        client.send(data + b"2\r\n{}\r\n0\r\n")
        try:
            for _ in range(100):
                client.send(b"x: " + b"y" * 4000 + b"\r\n")
        except OSError:
            pass
        assert client.reply().status == 400


class TestExpect:
    def test_continue(self, server: Served) -> None:
        client = server.client()
        data = request_bytes(body=b'{"n":1}', headers=EXPECT)
        head, body = data[:-7], data[-7:]
        client.send(head)
        assert client.socket.recv(100) == CONTINUE
        assert client.ask(body).body == body

    def test_not_before_the_replies_before_it(self, server: Served) -> None:
        client = server.client()
        data = request_bytes(body=b'{"n":1}', headers=EXPECT)
        client.send(request_bytes("Later", b'{"n":3}') + data[:-7])
        assert client.reply().body == b'{"later":3}'
        assert client.reply().status == 100
        assert client.ask(data[-7:]).body == b'{"n":1}'

    def test_too_large_is_said_at_once(self, server: Served) -> None:
        headers = EXPECT | {"Content-Length": str(16 * 2**20 + 1)}
        assert server.ask(request_bytes(body=b"", headers=headers)).status == 413

    def test_other_expectations(self, server: Served) -> None:
        assert server.ask(request_bytes(headers={"Expect": "miracles"})).status == 417


class TestHeads:
    def test_headers_up_to_the_limit(self, server: Served) -> None:
        for size, status in ((15_000, 200), (17_000, 431)):
            client = server.client()
            reply = client.ask(request_bytes(headers={"X-Long": "x" * size}))
            assert reply.status == status
            if status != 200:
                assert client.closed()

    def test_headers_in_small_pieces(self, server: Served) -> None:
        client = server.client()
        head, _, tail = request_bytes(headers={"X-Long": "x" * 17_000}).partition(b"xxxx")
        client.send(head)
        time.sleep(0.05)
        client.send(b"xxxx" + tail)
        assert client.reply().status == 431

    def test_a_header_without_end(self, server: Served) -> None:
        client = server.client()
        client.send(b"POST / HTTP/1.1\r\nX-Long: ")
        try:
            for _ in range(200):
                client.send(b"x" * 4000)
        except OSError:
            pass
        assert client.reply().status == 431

    def test_request_line(self, server: Served) -> None:
        assert server.ask(request_bytes(path="/?" + "x" * 16_000)).status == 200
        assert server.ask(request_bytes(path="/?" + "x" * 16_400)).status == 414

    @pytest.mark.parametrize(
        "data",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"hello\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"POST / HTTP/1.1\r\nno colon\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",  # no Host
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ],
    )
    def test_what_is_no_http(self, server: Served, data: bytes) -> None:
        client = server.client()
        assert client.ask(data).status == 400
        assert client.closed()


class TestTime:
    def test_slow_headers(self, serving: Any) -> None:
        with serving(head_seconds=0.2) as server:
            client = server.client()
            client.send(b"POST / HTTP/1.1\r\n")
            started = time.monotonic()
            try:
                while time.monotonic() - started < 60:
                    client.send(b"X: y\r\n")
                    time.sleep(0.05)
            except OSError:
                pass
            assert time.monotonic() - started < 50

    def test_slow_body(self, serving: Any) -> None:
        with serving(body_seconds=0.2) as server:
            client = server.client()
            client.send(request_bytes()[:-1])
            assert client.reply().status == 408
            assert client.closed()

    def test_idle(self, serving: Any) -> None:
        with serving(idle_seconds=0.2) as server:
            fresh, used = server.client(), server.client()
            assert used.ask(request_bytes()).status == 200
            assert fresh.closed()
            assert used.closed()

    def test_a_handler_without_end(self, serving: Any) -> None:
        with serving(handler_seconds=0.2) as server:
            client = server.client()
            assert client.ask(request_bytes("Wait", b'{"n":"late"}')).status == 500
            assert client.closed()
            server.call(server.house.gate.set)
            assert server.ask(request_bytes("Later")).status == 200
            assert server.house.completed == ["late"]

    def test_a_write_outlives_its_client(self, serving: Any) -> None:
        with serving() as server:
            client = server.client()
            client.send(request_bytes("Wait", b'{"n":"gone"}'))
            assert server.house.threads.wait(5)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()
            assert server.ask(request_bytes()).status == 200
            server.call(server.house.gate.set)
            assert server.ask(request_bytes("Later")).status == 200
            assert server.house.completed == ["gone"]

    def test_a_client_that_does_not_read(self, serving: Any) -> None:
        with serving(write_seconds=0.3) as server:
            client = server.client()
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.send(request_bytes("Large", b'{"size":1000000}') * 20)
            deadline = time.monotonic() + 5
            while server.listener.connections and time.monotonic() < deadline:
                time.sleep(0.01)
            assert server.listener.connections == 0

    def test_a_slow_reader_gets_everything(self, server: Served) -> None:
        client = server.client()
        client.send(request_bytes("Large", b'{"size":3000000}') * 5)
        time.sleep(0.2)
        for _ in range(5):
            assert len(client.reply().body) == 3_000_011


class TestTheEnd:
    def test_running_requests_finish(self, serving: Any) -> None:
        with serving() as server:
            idle, busy = server.client(), server.client()
            assert idle.ask(request_bytes()).status == 200
            busy.send(request_bytes("Wait"))
            assert server.house.threads.wait(5)

            async def close() -> None:
                server.house.loop.call_later(0.1, server.house.gate.set)
                await server.listener.close(5.0)

            server.run(close())
            assert idle.closed()
            reply = busy.reply()
            assert (reply.body, reply.headers["connection"]) == (b'{"waited":true}', "close")
            assert busy.closed()
            with pytest.raises(ConnectionError):
                server.client()

    def test_past_the_grace_connections_are_cut(self, serving: Any) -> None:
        with serving() as server:
            client = server.client()
            client.send(request_bytes("Wait"))
            assert server.house.threads.wait(5)
            server.run(server.listener.close(0.05))
            assert client.closed()

    def test_too_many_connections(self, serving: Any) -> None:
        with serving(connections_max=2) as server:
            first, second, third = server.client(), server.client(), server.client()
            assert first.ask(request_bytes()).status == 200
            assert second.ask(request_bytes()).status == 200
            assert third.reply().status == 503
            assert third.closed()
            first.socket.close()
            deadline = time.monotonic() + 5
            while server.listener.connections > 1 and time.monotonic() < deadline:
                time.sleep(0.01)
            assert server.client().ask(request_bytes()).status == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


class TestTls:
    def test_requests(self, serving: Any, certificate: tuple[Path, Path]) -> None:
        from stator.http.server import tls_context

        with serving(ssl=tls_context(*map(str, certificate))) as server:
            client = server.client()
            trusting = ssl.create_default_context(cafile=str(certificate[0]))
            client.socket = trusting.wrap_socket(client.socket, server_hostname="localhost")
            assert client.ask(request_bytes(body=b'{"n":1}')).body == b'{"n":1}'
            client.send(request_bytes("Later", b'{"n":2}') * 2)
            assert [client.reply().body, client.reply().body] == [b'{"later":2}'] * 2
            assert client.ask(request_bytes(headers={"Connection": "close"})).status == 200

    def test_plain_http_is_told(self, serving: Any, certificate: tuple[Path, Path]) -> None:
        from stator.http.server import tls_context

        with serving(ssl=tls_context(*map(str, certificate))) as server:
            client = server.client()
            reply = client.ask(request_bytes())
            assert (reply.status, reply.body) == (400, b"This port speaks TLS only: use https.\n")
            assert client.closed()

    def test_a_silent_client(self, serving: Any, certificate: tuple[Path, Path]) -> None:
        from stator.http.server import tls_context

        with serving(ssl=tls_context(*map(str, certificate)), handshake_seconds=0.1) as server:
            assert server.client().closed()
