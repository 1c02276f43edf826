//! An attachment made smaller: through a redirect, a download that breaks off, and a patch that fails at first.

use std::time::Instant;

use porteur::simulator::{AttachmentFileSettings, Fault};
use porteur::{AttachmentDirective, Format, Result, inspect};

use super::Tour;

/// A picture that is somewhere else, where the first download breaks off.
pub(super) fn settings() -> AttachmentFileSettings {
    AttachmentFileSettings {
        width: 1600,
        height: 1200,
        redirect: Some("signed".to_owned()),
        breaks_off: Some(10_000),
        ..Default::default()
    }
}

pub(super) fn fault() -> Fault {
    serde_json::from_str(r#"{"on": "PATCH /api/v2/files/attachments", "status": 502}"#).expect("this is a fault")
}

/// Transforms the attachment that the simulated platform has. A real platform's are left alone.
pub(super) async fn transform(tour: &mut Tour) -> Result<()> {
    let Some(simulator) = &tour.simulator else { return Ok(()) };
    let start = Instant::now();
    let directive = AttachmentDirective::new("attachment-1", Format::Jpeg, 640, 640).thumbnail(120);
    let made = tour.client.transform_attachment(directive).await?;
    let what = format!("{}: {}, {} x {} px, {} bytes", made.id, made.format.name(), made.width, made.height, made.size);
    tour.account.step("attachment", &what, Some(start.elapsed()));
    let state = simulator.state().attachments;
    let downloads = state[0].downloads;
    tour.account.check("the download was begun anew", downloads == 2, &format!("{downloads} downloads"));
    let patched: Vec<_> = state.iter().filter(|one| one.patches > 0).collect();
    let [one] = patched[..] else {
        tour.account.check("one attachment was patched", false, &format!("{patched:?}"));
        return Ok(());
    };
    let bytes = simulator.attachment(&one.id).unwrap_or_default();
    let seen = inspect(&bytes, &Default::default())?;
    let said = ["width", "height"].map(|side| one.metadata.get(side).cloned().unwrap_or_default());
    let true_size = said == [seen.width.to_string(), seen.height.to_string()] && one.patches == 1;
    tour.account.check("it was patched once, with the size that it has", true_size, &format!("{said:?}"));
    let linked = one.metadata.get("thumbnailId").and_then(|id| simulator.attachment(id));
    tour.account.check("its thumbnail is linked", linked.is_some(), &format!("{:?}", one.metadata));
    Ok(())
}
