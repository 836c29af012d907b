"""Models of Java, Android and kits that need more than a table, by topic.

Importing a module registers its handlers; :mod:`rogue_scan.apk.code.analyse` imports all of them.
"""
