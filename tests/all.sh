#!/usr/bin/env bash
# Everything that has to hold, in one run: format, lints, Rust, Python, Node, stubs, typings, examples, the tour.
# Makes what it needs under target/; wants cargo, a C compiler, Python 3.11 with venv, Node 20 with npm, and PostgreSQL.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
# Bindings, tests and tour share one folder and one profile, so that each dependency is compiled once.
export CARGO_TARGET_DIR=$root/target

need() { # command, what to do about it
  command -v "$1" >/dev/null || { echo "tests/all.sh: $1 is missing: $2" >&2; exit 1; }
}
need cargo 'install Rust from https://rustup.rs'
need cc 'apt-get install build-essential'
need python3 'apt-get install python3 python3-venv'
need node 'install Node.js 20 or newer'
need npm 'install Node.js 20 or newer'
command -v pg_ctl >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/pg_ctl' >/dev/null ||
  { echo 'tests/all.sh: PostgreSQL is missing: apt-get install postgresql' >&2; exit 1; }
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'tests/all.sh: Python 3.11 or newer is needed' >&2; exit 1; }
python3 -c 'import ensurepip' 2>/dev/null || { echo 'tests/all.sh: Python cannot make a venv: apt-get install python3-venv' >&2; exit 1; }

# napi names the machine as its target, and cargo keeps apart what is built for a named one: so everything names it.
CARGO_BUILD_TARGET=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_BUILD_TARGET
bin=target/$CARGO_BUILD_TARGET/release

step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

step 'format'
cargo fmt --all --check

step 'lints'
cargo clippy --release --workspace --all-targets --features porteur/cli,porteur-tests/bench -- -D warnings
# As whoever adds the crate gets it: without features.
cargo clippy --release --package porteur --lib -- -D warnings

step 'Rust'
cargo test --release --features porteur/cli
cargo build --release --features porteur/cli --package porteur --package porteur-examples --bins
RUSTDOCFLAGS='-D warnings' cargo doc --release --no-deps --package porteur --features simulator

step 'Python: build'
venv=$root/target/venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --requirement tests/python/requirements.txt
rm -rf target/wheels
"$venv/bin/maturin" build --quiet --release --manifest-path bindings-python/Cargo.toml --out target/wheels
"$venv/bin/pip" install --quiet --force-reinstall --no-deps target/wheels/porteur-*.whl

step 'Python: stubs and types'
"$venv/bin/python" -m mypy.stubtest porteur --allowlist tests/python/stubtest-allowlist.txt
for folder in tests/python tests/bench examples/python; do
  "$venv/bin/python" -m mypy --config-file tests/python/mypy.ini "$folder"
done

step 'Python: tests'
# One that hangs says where, and is ended before whoever waits for the whole run gives up.
PORTEUR_COMMAND=$root/$bin/porteur timeout 20m "$venv/bin/python" -m pytest -q -o faulthandler_timeout=300 tests/python

step 'Node: build'
mkdir -p target/node
cp tests/node/package.json tests/node/package-lock.json target/node/
npm ci --prefix target/node --silent --no-fund --no-audit
# As after an installation: the package is found by its name.
ln -sfn ../../../bindings-node target/node/node_modules/porteur
target/node/node_modules/.bin/napi build --release --platform --no-js --dts native.d.ts \
  --manifest-path bindings-node/Cargo.toml --package-json-path bindings-node/package.json \
  --target-dir target --output-dir bindings-node
# The typings are committed: whoever reads the repository sees what a change does to them.
git diff --exit-code -- bindings-node/native.d.ts

step 'Node: types'
target/node/node_modules/.bin/tsc --noEmit --strict --target es2022 --module nodenext \
  --typeRoots target/node/node_modules/@types --types node tests/node/types.test.ts

step 'Node: tests'
node --test --test-timeout=600000 --test-reporter=dot tests/node/*.test.mjs

step 'Examples'
coproc platform {
  exec $bin/porteur simulate --settings '{"chunk_size": 65536, "deliveries": [{"after_polls": 0}],
    "hosted": [{"name": "landscape.jpg", "path": "tests/media/landscape.jpg"}]}'
}
for _ in 1 2 3; do
  read -r line <&"${platform[0]}"
  export "${line?}"
done
cp tests/media/landscape.jpg target/example.jpg
$bin/upload target/example.jpg +15550100
"$venv/bin/python" examples/python/upload.py target/example.jpg +15550100
cp examples/node/*.mjs target/node/
node target/node/upload.mjs target/example.jpg +15550100
$bin/porteur upload target/example.jpg --journal target/example.journal
if $bin/porteur upload target/missing.jpg 2>target/example.err; then exit 1; fi
grep -q 'could not open target/missing.jpg' target/example.err
# Pictures ask no platform.
cp tests/media/landscape.webp target/picture.webp
printf 'no picture' >target/picture.txt
transforms() { # command
  rm -f target/picture.*.jpg
  "$@" target/picture.webp
  [ -s target/picture.large.jpg ] && [ -s target/picture.small.jpg ]
  if "$@" target/picture.txt 2>target/example.err; then exit 1; fi
  grep -q 'target/picture.txt cannot be shown' target/example.err
}
transforms $bin/transform
transforms "$venv/bin/python" examples/python/transform.py
transforms node target/node/transform.mjs
rm -rf target/small && mkdir target/small
$bin/porteur transform tests/media/landscape.jpg tests/media/form.png --max-width 300 --format webp \
  --thumbnail 60 --out target/small
[ -s target/small/landscape.webp ] && [ -s target/small/form.thumbnail.jpeg ]
if $bin/porteur preview tests/media/landscape.jpg tests/media/pdf/letter.pdf target/picture.txt \
  --out target/page.html >target/example.out; then exit 1; fi
grep -q '2 previews, 1 without' target/example.out
[ "$(grep -c 'data:image/webp;base64' target/page.html)" = 2 ]
# A webhook in, a preview linked: a job of its own for each language.
previews() { # name, command
  export PORTEUR_QUEUE=target/$1.db CDN_PRESIGNED_URL_TEMPLATE=$GENESYS_BASE_URL/cdn/{id} PREVIEWS_ALLOW_PRIVATE=1
  rm -f "$PORTEUR_QUEUE"*
  printf '{"event":"webchat:attachment","data":{"conversationId":"conversation-1","attachmentUrl":"%s","fileName":"%s","mimeType":"image/jpeg"}}' \
    "$GENESYS_BASE_URL/hosted/landscape.jpg" landscape.jpg >target/webhook.json
  "${@:2}" target/webhook.json | tee target/example.out
  grep -q '300 x 200, linked by posted-' target/example.out
  unset PORTEUR_QUEUE CDN_PRESIGNED_URL_TEMPLATE PREVIEWS_ALLOW_PRIVATE
}
previews rust $bin/preview_worker
previews python "$venv/bin/python" examples/python/preview_worker.py
previews node node target/node/preview_worker.mjs
# What is sent, by whomever, goes into one audit trail.
rm -f target/*.audit target/*.audit.*
export PORTEUR_AUDIT_FILE=target/example.audit PORTEUR_AUDIT_SECRET=simulator-audit-secret
export PORTEUR_AUDIT_ENDPOINT=$GENESYS_BASE_URL/audit
message=(conversation-1 agent@example.com customer@example.com 'Your picture.')
$bin/send "${message[@]}"
"$venv/bin/python" examples/python/send.py "${message[@]}"
node target/node/send.mjs "${message[@]}"
$bin/porteur send --conversation conversation-1 --from agent@example.com --to customer@example.com \
  --text - --attach target/example.jpg --await --sla 10 <<<'Your picture.'
if $bin/porteur send --conversation conversation-1 --from customer@example.com --to agent@example.com \
  --text 'Thank you.' 2>target/example.err; then exit 1; fi
grep -q 'rule agent-role' target/example.err
# So does what is transferred.
move=(interaction-1 genesys://user/agent-9)
$bin/transfer "${move[@]}"
"$venv/bin/python" examples/python/transfer.py "${move[@]}"
node target/node/transfer.mjs "${move[@]}"
$bin/porteur transfer "${move[@]}" --media opus@64 --media pcmu@64
if $bin/porteur transfer interaction-9 genesys://user/agent-9 2>target/example.err; then exit 1; fi
grep -q 'interaction not found: interaction-9' target/example.err
# And what is made of attachments.
$bin/attachment attachment-1
"$venv/bin/python" examples/python/attachment.py attachment-1
node target/node/attachment.mjs attachment-1
$bin/porteur attachment describe attachment-1
$bin/porteur attachment transform attachment-1 --format webp --max-width 32 --max-height 32 --thumbnail 16
if $bin/porteur attachment transform attachment-9 --max-width 33 2>target/example.err; then exit 1; fi
grep -q 'invalid max_width: expected an even number' target/example.err
$bin/porteur verify-audit target/example.audit
sed 's/queued/delivered/' target/example.audit >target/changed.audit
cp target/example.audit.checkpoints target/changed.audit.checkpoints
if $bin/porteur verify-audit target/changed.audit >target/example.out; then exit 1; fi
grep -q 'not intact' target/example.out
# A queue is a file.
rm -f target/example-queue.db*
$bin/porteur queue init --queue target/example-queue.db
$bin/porteur queue stats --queue target/example-queue.db | grep -qx 'waiting 0'
if $bin/porteur queue redrive nobody --queue target/example-queue.db 2>target/example.err; then exit 1; fi
grep -q 'no dead letter of this key: nobody' target/example.err
if $bin/porteur queue stats --queue target/missing.db 2>target/example.err; then exit 1; fi
grep -q 'porteur queue init makes it' target/example.err
unset PORTEUR_AUDIT_FILE PORTEUR_AUDIT_SECRET PORTEUR_AUDIT_ENDPOINT
kill -INT "$platform_PID"
wait "$platform_PID"

step 'Tour'
cargo tour

step 'done'
