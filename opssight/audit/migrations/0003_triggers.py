"""Which tables of this package are audited. The apps bring the `Audit` of their own."""

from django.db import migrations

from opssight.audit.triggers import Audit


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_functions"),
        ("accounts", "0002_walls"),
        ("access", "0002_walls"),
    ]

    operations = [
        Audit("organizations", organization="id"),
        Audit("users", person="id", quiet=["last_login"]),
        Audit("memberships"),
        Audit("custom_roles"),
        Audit("invitations"),
        Audit("api_tokens", quiet=["last_used_at", "last_used_from"]),
        Audit("staff_access"),
    ]
