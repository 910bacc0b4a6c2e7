import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("assets", "0007_insert_only_marks"),
        ("maintenance", "0010_tasks_added_to_an_order"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="maintenancerecord",
            name="kpis_of_its_time",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maintenancerecord",
            trigger=pgtrigger.compiler.Trigger(
                name="past_added",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    INSERT INTO stale_kpis (organization_id, asset_id, since)\n    SELECT a.organization_id, a.id, min(r.since)\n    FROM (SELECT asset_id, completed_at AS since FROM new_rows) AS r JOIN assets a ON a.id = r.asset_id GROUP BY a.id;\n    RETURN NULL;\n",
                    hash="3514837f97acdd26cdfc64816886549e33a26c75",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_past_added_ac4bb",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="maintenance_history",
                    when="AFTER",
                ),
            ),
        ),
    ]
