//! Previews in an object store. This room talks to the network by itself: the store brings its own requests, signatures and retries.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Attribute, Attributes, ObjectStore, ObjectStoreScheme, PutOptions};
use url::Url;

use crate::error::{Answer, Cause, Error, NetworkKind, Result};
use crate::media::Format;

/// A folder of a store.
pub(super) struct Store {
    store: Box<dyn ObjectStore>,
    folder: Path,
    /// A local folder keeps no types.
    keeps_types: bool,
}

impl Store {
    /// # Errors
    /// [`Error::InvalidInput`] about `publish` for a URL of no store, about `options` for one that this store does not have.
    pub(super) fn open(url: &str, options: &[(String, String)]) -> Result<Self> {
        let url = Url::parse(url).map_err(|error| Error::invalid("publish", format!("expected a URL: {error}")))?;
        let scheme = ObjectStoreScheme::parse(&url).map(|(scheme, _)| scheme);
        let known: fn(&str) -> bool = match scheme {
            Ok(ObjectStoreScheme::AmazonS3) => |name| name.parse::<object_store::aws::AmazonS3ConfigKey>().is_ok(),
            Ok(ObjectStoreScheme::GoogleCloudStorage) => {
                |name| name.parse::<object_store::gcp::GoogleConfigKey>().is_ok()
            }
            Ok(ObjectStoreScheme::MicrosoftAzure) => |name| name.parse::<object_store::azure::AzureConfigKey>().is_ok(),
            Ok(ObjectStoreScheme::Local) => |_| false,
            _ => {
                let reason = format!("expected s3, gs, az or file as its scheme, got {}", url.scheme());
                return Err(Error::invalid("publish", reason));
            }
        };
        if let Some((name, _)) = options.iter().find(|(name, _)| !known(&name.to_ascii_lowercase())) {
            return Err(Error::invalid("options", format!("expected one that this store has, got {name:?}")));
        }
        // The caller's come last, so that they are the ones that count.
        let environment = std::env::vars().filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)));
        let options = environment.chain(options.iter().cloned());
        let opened = object_store::parse_url_opts(&url, options);
        let (store, folder) = opened.map_err(|error| Error::invalid("publish", first_line(&error)))?;
        Ok(Self { store, folder, keeps_types: !matches!(scheme, Ok(ObjectStoreScheme::Local)) })
    }

    /// Puts a preview under its name.
    pub(super) async fn put(&self, id: &str, bytes: Bytes, format: Format) -> Result<()> {
        let object = self.folder.clone().join(format!("{id}.{}", format.name()));
        let mut options = PutOptions::default();
        if self.keeps_types {
            options.attributes = Attributes::from_iter([(Attribute::ContentType, format.content_type())]);
        }
        match self.store.put_opts(&object, bytes.into(), options).await {
            Ok(_) => Ok(()),
            Err(error) => Err(ours(error)),
        }
    }
}

/// What of a store's errors the caller can do something about. The store has tried again by then.
fn ours(error: object_store::Error) -> Error {
    use object_store::Error as Store;
    let answer = |status| Answer { status, request_id: None };
    match &error {
        Store::PermissionDenied { .. } | Store::Unauthenticated { .. } => {
            let status = if matches!(error, Store::PermissionDenied { .. }) { 403 } else { 401 };
            let hint = "the keys of the object store and what they may do".to_owned();
            Error::PermissionDenied { reason: first_line(&error), hint, answer: answer(status) }
        }
        Store::NotFound { path, .. } => {
            Error::NotFound { what: "object store".to_owned(), id: path.clone(), answer: answer(404) }
        }
        _ => Error::Network {
            kind: NetworkKind::Lost,
            endpoint: "the object store".to_owned(),
            attempts: 1,
            source: Some(Cause::new(first_line(&error))),
        },
    }
}

/// Answers of stores go on with XML, which may quote what was sent.
fn first_line(error: &object_store::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().chars().take(300).collect()
}

/// Of the variables that stores are set by.
const PREFIXES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_a_file_of_a_local_folder() {
        let folder = tempfile::tempdir().unwrap();
        let url = Url::from_directory_path(folder.path()).unwrap();
        let store = Store::open(url.as_str(), &[]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for bytes in [&b"one"[..], b"the same again"] {
            runtime.block_on(store.put("abc", Bytes::from_static(bytes), Format::WebP)).unwrap();
        }
        assert_eq!(std::fs::read(folder.path().join("abc.webp")).unwrap(), b"the same again");
    }

    #[test]
    fn what_is_no_store_or_no_option_of_one_is_named() {
        for (url, option, field) in [
            ("ftp://host/folder", None, "publish"),
            ("s3", None, "publish"),
            ("file:///folder", Some("aws_region"), "options"),
            ("s3://bucket/folder", Some("colour"), "options"),
        ] {
            let options: Vec<_> = option.into_iter().map(|name| (name.to_owned(), "x".to_owned())).collect();
            let error = Store::open(url, &options).err().expect("refused");
            assert_eq!(error.facts().details["field"], field, "{url}");
        }
    }
}
