"""Tables that others registered and that say nothing here: roles are ours, and addresses stand with their member."""

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group

for _model in (Group, EmailAddress):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
