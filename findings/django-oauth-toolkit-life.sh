#!/usr/bin/env bash
# Whose access ends when, in an authorization server made with Django.
# Guess: a person set inactive is out at the next request, as with Django's sessions; and a refresh token lives for
# REFRESH_TOKEN_EXPIRE_SECONDS from its issue.
# Seen with django-oauth-toolkit 3.4.1, Django 5.2.19, REST framework 3.18.3: a bearer token of an inactive person
# passes IsAuthenticated, and his refresh token is exchanged for new ones, without end. The refresh token's life
# counts from the end of its access token (so it is the sum of both) and begins anew at each exchange; there is no cap.
# (Both are discussed in the project: its issues 717 and 746, pull request 1787.)
# Why it matters: with `app` renewal that revalidates nothing, deactivation alone is open; tokens must be revoked as
# well. And "refresh for a day, access for an hour" is 25 hours of idleness, not a day of use.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check \
    Django==5.2.19 django-oauth-toolkit==3.4.1 djangorestframework==3.18.3
venv/bin/python - <<'EOF' 2>said || { tail -5 said >&2; exit 1; }
import sys, time
from datetime import timedelta
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="a key for this run and for nothing else, long enough", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    USE_TZ=True, DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider", "rest_framework"],
    OAUTH2_PROVIDER={"ACCESS_TOKEN_EXPIRE_SECONDS": 2, "REFRESH_TOKEN_EXPIRE_SECONDS": 4},
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": ["oauth2_provider.contrib.rest_framework.OAuth2Authentication"],
                    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]})
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, RefreshToken
from rest_framework.decorators import api_view
from rest_framework.response import Response
urlpatterns = [path("o/", include("oauth2_provider.urls")), path("panel", api_view(["GET"])(lambda _: Response("in")))]
call_command("migrate", verbosity=0)
app = Application.objects.create(name="panel", client_id="panel", redirect_uris="http://[::1]/", client_type="public",
                                 authorization_grant_type="authorization-code")
client = Client()

def tokens(name: str) -> tuple[User, str, str]:
    person = User.objects.create_user(name)
    access = AccessToken.objects.create(user=person, application=app, token=name, scope="read",
                                        expires=timezone.now() + timedelta(seconds=2))
    RefreshToken.objects.create(user=person, application=app, token="r" + name, access_token=access)
    return person, name, "r" + name

def panel(access: str) -> int:
    return client.get("/panel", headers={"Authorization": f"Bearer {access}"}).status_code

def renew(refresh: str) -> dict:
    return client.post("/o/token/", {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "panel"}).json()

ann, access, refresh = tokens("ann")
ann.is_active = False
ann.save()
before, after = panel(access), panel(renew(refresh).get("access_token", ""))
print(f"inactive: her token {before}, the one that she gets with her refresh token {after}")
_, _, early = tokens("bob")
_, _, late = tokens("eve")
start = time.time()
time.sleep(5)
held = renew(early)
print("idle for 5 s (2 s of access and 4 s of refresh):", "renewed" if "access_token" in held else held)
time.sleep(2)
over = renew(late)
print("idle for 7 s:", over)
for wait_s in (2, 4):
    time.sleep(wait_s)
    held = renew(held.get("refresh_token", ""))
print(f"renewed each 4 s, {time.time() - start:.0f} s after the sign-in:", "renewed" if "access_token" in held else held)
if (before, after) != (200, 200) or "access_token" not in held or over != {"error": "invalid_grant"}:
    print("differs: expected 200, 200, renewed, invalid_grant, renewed", file=sys.stderr)
    sys.exit(1)
EOF
