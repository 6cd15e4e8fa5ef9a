"""Keys that a first start makes for itself, kept in the data folder and readable by its owner alone."""

import os
from pathlib import Path

from config.env import Environment, SettingsError


def jwt_keys(env: Environment) -> tuple[str, str]:
    """The RS256 pair (private PEM, public PEM): from JWT_PRIVATE_KEY, or made once in the data folder."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = env.jwt_private_key.replace("\\n", "\n").encode() or _stored(env.cardvault_data_dir / "keys" / "jwt.pem")
    if not pem:
        fresh = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = fresh.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        pem = _keep(env.cardvault_data_dir / "keys" / "jwt.pem", pem)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except ValueError:
        raise SettingsError("the setting JWT_PRIVATE_KEY is wrong: expected a PEM RSA private key.") from None
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode(), public.decode()


def field_keys(env: Environment) -> list[str]:
    """The keys of encrypted fields, newest first: from FIELD_KEYS, or one made once in the data folder."""
    from cryptography.fernet import Fernet

    path = env.cardvault_data_dir / "keys" / "fields"
    return _fernet_keys("FIELD_KEYS", env.field_keys) or [
        (_stored(path) or _keep(path, Fernet.generate_key())).decode()
    ]


def backup_keys(env: Environment) -> list[str]:
    """The keys of copies of media, newest first; never made by ourselves: they have to lie somewhere else, too."""
    keys = _fernet_keys("BACKUP_KEYS", env.backup_keys)
    if env.backup_media and not keys:
        raise SettingsError("the setting BACKUP_KEYS is missing; BACKUP_MEDIA needs it.")
    return keys


def _fernet_keys(name: str, value: str) -> list[str]:
    from cryptography.fernet import Fernet

    keys = [key.strip() for key in value.split(",") if key.strip()]
    try:
        for key in keys:
            Fernet(key)
    except ValueError:
        raise SettingsError(
            f"the setting {name} is wrong: expected Fernet keys, 32 bytes in URL-safe base64."
        ) from None
    return keys


def secret_key(data_dir: Path) -> str:
    """Django's secret key for development: made once, so that sessions outlive a restart."""
    path = data_dir / "keys" / "secret"
    return (_stored(path) or _keep(path, os.urandom(48).hex().encode())).decode()


def _stored(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _keep(path: Path, content: bytes) -> bytes:
    """Write once; where two starts race, both use what landed first."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mine = path.with_name(f"{path.name}.{os.getpid()}")
        mine.touch(mode=0o600)
        mine.write_bytes(content)
        try:
            os.link(mine, path)
        except FileExistsError:
            pass
        mine.unlink()
    except OSError as error:
        raise SettingsError(f"the data folder {path.parent.parent} cannot be written: {error.strerror}.") from None
    return path.read_bytes()
