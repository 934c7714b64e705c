# Puts PgBouncer and the libraries that not every Debian or Ubuntu has into the current folder.
#
# apt checks the signatures of packages, and needs no rights as long as its lists and files are here. The
# release of the distribution pins the versions. What root downloads would otherwise be written by a user
# who may not enter this folder.
set -eu
mkdir -p apt/lists/partial apt/archives/partial

apt() {
    program=$1
    shift
    "$program" -qq -o Dir::State::lists="$PWD/apt/lists" -o Dir::Cache="$PWD/apt" \
        -o Debug::NoLocking=true -o APT::Sandbox::User=root "$@"
}

apt apt-get update
libraries=$(apt apt-cache depends pgbouncer | sed -n 's/^ *Depends: \(libevent-2.*\|libc-ares.*\)$/\1/p')
# shellcheck disable=SC2086 # Each name is a word.
apt apt-get download pgbouncer $libraries
for package in *.deb; do
    dpkg-deb -x "$package" unpacked
done
mv unpacked/usr/sbin/pgbouncer unpacked/usr/lib/*/*.so.* .
rm -r apt unpacked ./*.deb
