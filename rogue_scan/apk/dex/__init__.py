"""DEX files: tables, classes, code and every instruction, read with numpy."""
