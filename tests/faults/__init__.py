"""What goes wrong with machines, done to real libraries: kills, torn files, full and read-only disks, damaged parts, other processes."""
