"""What is asked of the options of this role."""
import re


def fits(option):
    """Whether the whole of the value is what the pattern describes."""
    return re.fullmatch(option["pattern"], str(option["value"])) is not None


class TestModule:
    """Finds them for Ansible."""

    def tests(self):
        return {"etcd_backup_fits": fits}
