"""Production: base, with what must be given checked at the start."""

from config.env import SettingsError
from config.settings.base import *  # noqa: F403
from config.settings.base import ENV

for _name, _value in (
    ("DATABASE_URL", ENV.database_url),
    ("REDIS_URL", ENV.redis_url),
    ("SECRET_KEY", ENV.secret_key),
    ("FIELD_KEYS", ENV.field_keys),
    ("ALLOWED_HOSTS", ENV.allowed_hosts),
    ("SITE_URL", ENV.site_url),
):
    if not _value:
        raise SettingsError(f"the setting {_name} is missing; production needs it.")
if len(ENV.secret_key) < 50:
    raise SettingsError("the setting SECRET_KEY is wrong: expected at least 50 random characters.")
