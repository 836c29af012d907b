"""What happens to reports after the scan: suppressing, joining, comparing, anonymising, upgrading."""
