"""Apache: what stood in a password file kept by `mod_authn_socache`."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

from sim.testbed.real.part import APT, Part, Place

_MODULES = Path("/usr/lib/apache2/modules")
_SERVER = """\
ServerName localhost
ServerRoot {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
Mutex file:{folder} default
DefaultRuntimeDir {folder}
KeepAliveTimeout 60
MaxKeepAliveRequests 0
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
DocumentRoot {folder}/www
"""
_SOCACHE = """\
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule authn_socache_module {modules}/mod_authn_socache.so
LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so
LoadModule auth_basic_module {modules}/mod_auth_basic.so
AuthnCacheSOCache shmcb
<Directory {folder}/www>
  AuthType Basic
  AuthName testbed
  AuthBasicProvider socache file
  AuthUserFile {folder}/users
  AuthnCacheProvideFor file
  AuthnCacheTimeout {life_s}
  Require valid-user
</Directory>
"""


def _socache(place: Place) -> list[str]:
    write_users(place.folder, place.passwords)
    return _served(place, _SERVER + _SOCACHE)


def _served(place: Place, config: str) -> list[str]:
    place.website()
    provider, secret = place.provider
    text = config.format(
        folder=place.folder,
        port=place.port,
        host=place.host_port,
        provider=provider,
        secret=secret,
        modules=_MODULES,
        life_s=place.life_s,
        cap_s=place.cap_s,
    )
    return ["-f", str(place.write("apache.conf", text)), "-D", "FOREGROUND"]


def write_users(folder: Path, passwords: Mapping[int, str]) -> None:
    """The password file, put in place at once."""
    lines = [f"{person}:{{SHA}}{_sha1(password)}\n" for person, password in passwords.items()]
    new = folder / "users.new"
    new.write_text("".join(lines))
    new.replace(folder / "users")


def _sha1(password: str) -> str:
    return base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()


APACHE = (
    Part(
        "apache_socache",
        "apache2",
        APT.format("apache2"),
        _socache,
        holds="password",
        there=_MODULES.is_dir,
    ),
)
