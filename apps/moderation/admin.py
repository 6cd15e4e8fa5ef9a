"""Tables that others registered and that say nothing here: roles are ours, and addresses stand with their member."""

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client, Token
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group

# Whoever reads a session's key or a second step's secret could be its owner: not even admins see them.
_SECRET = (Authenticator, UserSession, Client, Token, SocialAccount, SocialApp, SocialToken)
for _model in (Group, EmailAddress, *_SECRET):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
