#!/bin/sh
# Names the root certificates in Amazon's bundle of today that rds.pem lacks, and fails if there are any. What expired,
# what is signed by another one, and what is for Amazon's own tests is left out, as in rds.pem.
set -eu
bundle=$1
known=$(dirname "$0")/rds.pem
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
split_certificates() {
    awk -v prefix="$2" '/BEGIN CERTIFICATE/ { n++ } n { print > (prefix n ".pem") }' "$1"
}
mkdir "$folder/known" "$folder/new"
split_certificates "$known" "$folder/known/"
split_certificates "$bundle" "$folder/new/"
print() { openssl x509 -in "$1" -noout "$2" "${3:--sha256}"; }
for certificate in "$folder"/known/*; do print "$certificate" -fingerprint; done > "$folder/fingerprints"
missing=0
for certificate in "$folder"/new/*; do
    subject=$(print "$certificate" -subject)
    [ "${subject#subject=}" = "$(print "$certificate" -issuer | sed 's/^issuer=//')" ] || continue
    print "$certificate" -checkend 0 > /dev/null || continue
    case $subject in *Beta* | *Preview*) continue ;; esac
    grep -qxF "$(print "$certificate" -fingerprint)" "$folder/fingerprints" && continue
    echo "missing: $subject"
    missing=1
done
exit $missing
