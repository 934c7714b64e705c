//! An event of a gateway. Panics of lambda_http are caught by the code under test, so the hook of
//! libFuzzer, which aborts at every panic, is taken out; a panic that is not caught still ends it.
#![no_main]

use std::sync::Once;

use libfuzzer_sys::fuzz_target;

static QUIET: Once = Once::new();

fuzz_target!(|data: &[u8]| {
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let _ = shared::platform::fuzzing::decode(data);
});
