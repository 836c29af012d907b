from rogue_scan.apk import permissions
from rogue_scan.model.data import DataCategory


def test_levels_of_the_platform():
    assert permissions.level("android.permission.READ_SMS").startswith("dangerous")
    assert permissions.level("android.permission.INTERNET").startswith("normal")
    assert permissions.level("android.permission.INSTALL_PACKAGES").startswith("signature")
    assert permissions.level("org.example.P") == ""
    assert len(permissions.levels()) > 900


def test_every_permission_that_opens_data_is_of_the_platform_or_of_play_services():
    own = {name for name in permissions.OPENS if not permissions.level(name)}
    assert own <= {"com.google.android.gms.permission.AD_ID"}


def test_health_records_match_by_prefix():
    assert permissions.data_category("android.permission.health.READ_STEPS") is DataCategory.HEALTH
    assert permissions.data_category("android.permission.INTERNET") is None
