"""The payment company for trades."""

from tests.escrow.conftest import company  # noqa: F401 - a fixture
