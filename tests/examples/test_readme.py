"""The README's own example does what the README says."""

import contextlib
import io
import re
from pathlib import Path

from examples.packages import start_server

README = Path(__file__).parents[2] / "README.md"


def test_the_boto3_example_prints_the_item() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    printed = io.StringIO()
    with start_server() as endpoint, contextlib.redirect_stdout(printed):
        assert "http://127.0.0.1:8000" in code
        exec(compile(code.replace("http://127.0.0.1:8000", endpoint), str(README), "exec"), {})
    assert "'song': 'Sinnerman'" in printed.getvalue()
    assert "Decimal('622')" in printed.getvalue()
