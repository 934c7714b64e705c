# Stops a program when the process that asked for it is gone, in whatever way.
#
# Arguments: the program's process id, which is also its process group; how many tenths of
# a second it may take to stop; a folder to delete afterwards, or nothing.
# Standard input is a pipe that only the asking process holds. A line on it means that the program
# has ended; its end without a line means that nobody is left to stop the program.
program=$1 tenths=$2 folder=${3-}
trap '' HUP INT QUIT TERM

# A dead program still takes signals where nobody waits for it, as in a container whose init never
# does. Linux tells that in a file.
runs() {
    kill -0 "$program" && ! grep -q ') Z ' "/proc/$program/stat"
}

if read -r _; then
    exit
fi
kill -s INT -- "-$program"
while runs && [ "$tenths" -gt 0 ]; do
    sleep 0.1
    tenths=$((tenths - 1))
done
kill -s KILL -- "-$program"
if [ -n "$folder" ]; then
    rm -rf -- "$folder"
fi
