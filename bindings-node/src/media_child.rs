//! The process in which files from strangers are worked on: which program it is, and what that does.

use napi_derive::napi;

/// Names what is started as a media child; see `native.js`.
#[napi(skip_typescript)]
pub fn media_child(program: String, args: Vec<String>) {
    // In Electron the executable is the application, unless it is told to be Node.
    let environment = [("ELECTRON_RUN_AS_NODE".into(), "1".into())];
    porteur::media_child(program, args.into_iter().map(Into::into), environment);
}

/// Serves in a process that was started as a media child, and ends it.
#[napi(skip_typescript)]
pub fn be_media_child() {
    porteur::be_media_child();
}
