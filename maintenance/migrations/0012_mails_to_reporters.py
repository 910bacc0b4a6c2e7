import django.db.models.deletion
from django.db import migrations, models

from opssight.accounts.constraints import SameOrganization
from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_currency_and_failure_codes"),
        ("core", "0001_walls"),
        ("maintenance", "0011_history_adds_marks"),
    ]

    operations = [
        migrations.AddField(
            model_name="workrequest",
            name="email",
            field=models.EmailField(
                blank=True,
                default="",
                help_text="Where it is told, by mail, what becomes of the request.",
                max_length=254,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="workrequest",
            name="secret",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="Of the link, encrypted: kept where it is mailed.",
                max_length=300,
            ),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="RequestMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "news",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("done", "Done"),
                            ("called_off", "Called off"),
                        ],
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_try_at",
                    models.DateTimeField(help_text="Empty: it was sent, or given up.", null=True),
                ),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="maintenance.workrequest",
                    ),
                ),
            ],
            options={"db_table": "request_mails", "ordering": ["created_at", "pk"]},
        ),
        migrations.AddIndex(
            model_name="requestmail",
            index=models.Index(
                condition=models.Q(("next_try_at__isnull", False)),
                fields=["organization", "next_try_at"],
                name="request_mail_to_send",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestmail",
            constraint=models.UniqueConstraint(
                fields=("request", "news"), name="request_mail_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="requestmail",
            constraint=models.CheckConstraint(
                condition=models.Q(("sent_at", None), ("next_try_at", None), _connector="OR"),
                name="request_mail_sent_is_over",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestmail",
            constraint=SameOrganization(
                field="request", name="request_mails_request_same_organization"
            ),
        ),
        WallOff("request_mails"),
    ]
