"""PostgreSQL and Redis from Python packages: the default where nobody names other servers.

`attach` and `leave` are the whole interface. Nothing here imports Django.
"""

from config.embedded.addresses import Addresses, celery_form, client_form
from config.embedded.errors import EmbeddedError
from config.embedded.holder import attach, leave

__all__ = ["Addresses", "EmbeddedError", "attach", "celery_form", "client_form", "leave"]
