#!/bin/bash
# Runs both commands of README.md on a Debian 12 with nothing but the packages that README.md names, as
# an ordinary user, in a fresh clone of HEAD. FOLDER is filled once, by debootstrap.
#
#   sudo tests/bare-debian.sh FOLDER "$(rustc --print sysroot)"
set -euo pipefail
cd "$(dirname "$0")/.."

# Without arguments, this is the part inside that Debian.
if [ $# = 0 ]; then
    set -m # With job control, Ctrl-C's signal reaches a job in the background.
    trap 'tail ../dev.log' ERR
    cargo dev > ../dev.log 2>&1 &
    until grep -qs "rollcall answers on" ../dev.log; do kill -0 %1; sleep 1; done
    curl -fsSw "\n" http://127.0.0.1:9000/health
    kill -INT %1
    wait %1
    for process in /proc/[0-9]*; do
        if [ -O "$process" ] && [ "$process" != /proc/$$ ]; then
            echo "left running: $(cat "$process/comm")"
            exit 1
        fi
    done
    trap - ERR
    cargo verify
    exit
fi

folder=$(realpath "$1") rust=$(realpath "$2")
if [ ! -e "$folder/etc/hosts" ]; then
    debootstrap --variant=minbase bookworm "$folder"
    chroot "$folder" useradd --shell /bin/bash developer
    echo "127.0.0.1 localhost" > "$folder/etc/hosts"
fi
read -ra packages <<< "$(sed -n "s/.*\`apt install \(.*\)\`.*/\1/p" README.md)"
chroot "$folder" apt-get -qq update
chroot "$folder" apt-get -qq install --no-install-recommends "${packages[@]}"
# A network may have an authority of its own.
cp -L /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
rm -rf "$folder/home/developer"
# Linked files would change their owner here too.
git clone --quiet --no-hardlinks . "$folder/home/developer/rollcall"
chroot "$folder" chown -R developer: /home/developer
mkdir -p "$folder/opt/rust"

# The namespaces end with all mounts and processes. As on any machine, the first process is of another
# session: in its own, the kernel would not wake what is stopped and has lost its parent.
export folder rust
exec unshare --mount --pid --fork --kill-child bash -euc '
    mount --bind "$rust" "$folder/opt/rust"
    mount --rbind /dev "$folder/dev"
    mount -t proc proc "$folder/proc"
    trap "exit 130" INT TERM
    setsid chroot --userspec=developer: "$folder" env -i --default-signal=INT \
        HOME=/home/developer PATH=/opt/rust/bin:/usr/bin:/bin \
        bash /home/developer/rollcall/tests/bare-debian.sh &
    wait $!'
