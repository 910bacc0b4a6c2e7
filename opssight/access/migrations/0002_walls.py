from django.db import migrations

from opssight.core.row_security import BY_DIGEST, OF_ORGANIZATION, OF_USER, WallOff


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("access", "0001_initial")]

    operations = [
        WallOff("custom_roles"),
        WallOff("invitations", visible=f"{OF_ORGANIZATION} OR {BY_DIGEST}", writable=OF_ORGANIZATION),
        WallOff("api_tokens", visible=f"{OF_ORGANIZATION} OR {BY_DIGEST}", writable=OF_ORGANIZATION),
        WallOff("staff_access", visible=f"{OF_ORGANIZATION} OR {OF_USER}", writable=OF_ORGANIZATION),
    ]
