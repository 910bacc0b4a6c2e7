import django.contrib.postgres.fields
import django.db.models.deletion
import opssight.accounts.constraints
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('name', models.CharField(max_length=100)),
                ('url', models.CharField(help_text='Where events are sent, such as https://example.com/hook.', max_length=500, verbose_name='URL')),
                ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('anomaly.opened', 'Anomaly opened'), ('anomaly.ended', 'Anomaly ended: the signal is calm again'), ('anomaly.closed', 'Anomaly closed: a person judged it'), ('recommendation.opened', 'Recommendation opened'), ('recommendation.accepted', 'Recommendation accepted'), ('recommendation.dismissed', 'Recommendation dismissed'), ('work_order.created', 'Work order created'), ('work_order.assigned', 'Work order given to another technician'), ('work_order.started', 'Work order started'), ('work_order.completed', 'Work order completed'), ('work_order.cancelled', 'Work order cancelled'), ('work_order.due_soon', 'Work order due within a day'), ('work_order.overdue', 'Work order overdue'), ('work_order.response_missed', 'Work order not begun by the time of its service level'), ('risk.high', 'Risk became high'), ('schedule.due', 'Schedule due: its work order was made')], max_length=40), help_text='Which events are sent. Order is not promised.', size=None)),
                ('secret', models.TextField(editable=False, help_text='Encrypted.')),
                ('previous_secret', models.TextField(blank=True, editable=False, help_text='Encrypted.')),
                ('previous_secret_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('paused_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('paused_reason', models.CharField(blank=True, choices=[('by_hand', 'Paused by hand'), ('failing', 'Paused because it kept failing')], editable=False, max_length=10)),
                ('failing_since', models.DateTimeField(blank=True, editable=False, help_text='The first failure after the last success.', null=True)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'webhooks',
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='webhooks_id_organization'), models.UniqueConstraint(fields=('organization', 'name'), name='webhook_name_unique'), models.CheckConstraint(condition=models.Q(models.Q(('paused_at', None), ('paused_reason', '')), models.Q(('paused_at__isnull', False), ('paused_reason__in', ('by_hand', 'failing'))), _connector='OR'), name='webhook_paused_with_its_reason'), models.CheckConstraint(condition=models.Q(models.Q(('previous_secret', ''), ('previous_secret_until', None)), models.Q(models.Q(('previous_secret', ''), _negated=True), ('previous_secret_until__isnull', False)), _connector='OR'), name='webhook_previous_secret_with_its_end')],
            },
        ),
        migrations.CreateModel(
            name='WebhookEvent',
            fields=[
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('event', models.CharField(max_length=40)),
                ('payload', models.JSONField()),
                ('dedupe_key', models.CharField(help_text='What happened; the same key is an event once.', max_length=200)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'webhook_events',
                'ordering': ['-created_at', 'pk'],
                'indexes': [models.Index(fields=['created_at'], name='webhook_event_by_age')],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='webhook_events_id_organization'), models.UniqueConstraint(fields=('organization', 'dedupe_key'), name='webhook_event_once'), models.CheckConstraint(condition=models.Q(('event__in', ('webhook.test', 'anomaly.opened', 'anomaly.ended', 'anomaly.closed', 'recommendation.opened', 'recommendation.accepted', 'recommendation.dismissed', 'work_order.created', 'work_order.assigned', 'work_order.started', 'work_order.completed', 'work_order.cancelled', 'work_order.due_soon', 'work_order.overdue', 'work_order.response_missed', 'risk.high', 'schedule.due'))), name='webhook_event_known')],
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.webhook')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.webhookevent')),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('delivered', 'Delivered'), ('failed', 'Failed')], default='pending', max_length=10)),
                ('tries', models.PositiveSmallIntegerField(default=0, help_text='Since it was last queued.')),
                ('next_attempt_at', models.DateTimeField()),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('delivered_at', models.DateTimeField(blank=True, null=True)),
                ('last_status', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'verbose_name_plural': 'webhook deliveries',
                'db_table': 'webhook_deliveries',
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['webhook', 'next_attempt_at'], name='webhook_delivery_due'), models.Index(fields=['webhook', '-created_at'], name='webhook_delivery_of_webhook')],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='webhook_deliveries_id_organization'), models.UniqueConstraint(fields=('webhook', 'event'), name='one_delivery_per_webhook'), models.CheckConstraint(condition=models.Q(models.Q(('delivered_at__isnull', False), ('state', 'delivered')), models.Q(('delivered_at', None), ('state__in', ('pending', 'failed'))), _connector='OR'), name='webhook_delivered_with_its_time'), opssight.accounts.constraints.SameOrganization(field='webhook', name='webhook_deliveries_webhook_same_organization'), opssight.accounts.constraints.SameOrganization(field='event', name='webhook_deliveries_event_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='WebhookAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='notifications.webhookdelivery')),
                ('number', models.PositiveIntegerField()),
                ('ended_at', models.DateTimeField()),
                ('duration_ms', models.PositiveIntegerField()),
                ('status', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('answer', models.TextField(blank=True, help_text='The first kilobyte.')),
            ],
            options={
                'db_table': 'webhook_attempts',
                'ordering': ['delivery', 'number'],
                'constraints': [models.UniqueConstraint(fields=('delivery', 'number'), name='one_attempt_per_number'), opssight.accounts.constraints.SameOrganization(field='delivery', name='webhook_attempts_delivery_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL)),
                ('event', models.CharField(choices=[('recommendation_opened', 'Recommendation opened'), ('work_order_created', 'Work order created'), ('work_order_assigned', 'Work order assigned or planned anew'), ('work_order_completed', 'Work order completed'), ('work_order_due_soon', 'Work order due soon'), ('work_order_overdue', 'Work order overdue'), ('response_missed', 'Work not begun in time'), ('absence_over_work', 'Absence over planned work'), ('request_made', 'Work requested'), ('mentioned', 'Mentioned in a comment'), ('risk_high', 'Risk is high'), ('webhook_failed', 'Webhook could not be delivered'), ('webhook_paused', 'Webhook was paused'), ('part_low', 'Spare part is low')], max_length=40)),
                ('subject', models.CharField(max_length=300)),
                ('body', models.TextField(blank=True)),
                ('url', models.CharField(blank=True, max_length=300)),
                ('dedupe_key', models.CharField(help_text='What happened; the same key reaches a person once.', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('delivered_at', models.DateTimeField(blank=True, null=True)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'db_table': 'notifications',
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('delivered_at', None)), fields=['id'], name='notification_pending'), models.Index(fields=['recipient', '-created_at'], name='notification_of_recipient')],
                'constraints': [models.UniqueConstraint(fields=('recipient', 'dedupe_key'), name='one_notification_per_event_and_person')],
            },
        ),
    ]
