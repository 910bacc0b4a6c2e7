"""What a person signs in with: the tables of django-allauth."""

from django.db import migrations

from opssight.audit.triggers import Audit


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_triggers"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [
        Audit("account_emailaddress", person="user_id"),
        Audit("mfa_authenticator", person="user_id", quiet=["last_used_at"], hide=["data"]),
        Audit(
            "socialaccount_socialaccount",
            person="user_id",
            quiet=["last_login"],
            hide=["extra_data"],
        ),
    ]
