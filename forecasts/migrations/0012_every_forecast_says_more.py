from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("forecasts", "0011_judged_hours")]

    # They are computed, and made anew within the hour.
    operations = [migrations.RunSQL("DELETE FROM forecasts WHERE dependence IS NULL", "")]
