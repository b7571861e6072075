"""Apache: what stood in a password file kept by `mod_authn_socache`; sessions of `mod_auth_openidc`."""

import base64
import hashlib
import re
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
_OPENID = """\
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
OIDCProviderMetadataURL http://127.0.0.1:{host}{provider}/.well-known/openid-configuration
OIDCClientID gate
OIDCClientSecret {secret}
OIDCIDTokenSignedResponseAlg HS256
OIDCRedirectURI http://127.0.0.1:{port}/back
OIDCCryptoPassphrase {secret}
OIDCSessionInactivityTimeout {life_s}
OIDCSessionMaxDuration {cap_s}
OIDCUnAuthAction 401
<Location />
  AuthType openid-connect
  Require valid-user
</Location>
<Location /login>
  OIDCUnAuthAction auth
</Location>
"""


def _socache(place: Place) -> list[str]:
    write_users(place.folder, place.passwords)
    return _served(place, _SERVER + _SOCACHE)


def _openid(place: Place) -> list[str]:
    return _served(place, _SERVER + _OPENID)


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


def _module_version(_: str) -> str:
    """The module's own, which stands in it."""
    held = (_MODULES / "mod_auth_openidc.so").read_bytes()
    found = re.search(rb"mod_auth_openidc-(\d+(?:\.\d+)+)", held)
    return found[1].decode() if found else ""


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
    Part(
        "mod_auth_openidc",
        "apache2",
        APT.format("apache2 libapache2-mod-auth-openidc"),
        _openid,
        holds="openid",
        grain_s=1.0,  # caps in whole seconds; steps from the whole second of the last move
        scenario="testbed_sessions",
        there=(_MODULES / "mod_auth_openidc.so").exists,
        says_version=_module_version,
    ),
)
