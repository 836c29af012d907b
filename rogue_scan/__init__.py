"""rogue-scan: finds rogue Wi-Fi access points and data-harvesting Android apps."""

__version__ = "0.1.0"
