//! Putting a preview where the conversation can show it: by a presigned URL, or into an object store.
//!
//! A preview has the name of its job, so putting it twice is putting it once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

#[cfg(feature = "object-store")]
use super::store::Store;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{Asked, Body, Http, Patience, Request, refusal, unfit};
use crate::media::Format;
use crate::pace::{Door, Failure, Pacer, Repeat};

/// Where previews go, and how they are found there.
///
/// ```
/// use porteur::Publish;
///
/// let publish = Publish::template("https://uploads.example.com/previews/{id}.webp?signature=s")
///     .header("x-amz-acl", "public-read")
///     .public_url("https://cdn.example.com/previews/{id}.webp");
/// assert_eq!(publish.headers.len(), 1);
/// ```
#[derive(Clone)]
pub struct Publish {
    target: Target,
    /// Headers of each PUT besides `Content-Type`. One that the signature of the URL does not cover is answered with 403 by S3.
    pub headers: Vec<(String, String)>,
    /// Where a preview is to be had, with `{id}` for its name. Default: the URL that it was put to, without its query.
    pub public_url: Option<String>,
}

#[derive(Clone)]
enum Target {
    Template(String),
    Signer(Signer),
    #[cfg(feature = "object-store")]
    Store {
        url: String,
        options: Vec<(String, String)>,
    },
}

type Signer = Arc<dyn Fn(String) -> BoxFuture<'static, Result<String>> + Send + Sync>;

impl Publish {
    /// A PUT to this URL with `{id}` replaced by the name of the preview: for a CDN whose signature leaves the path open.
    pub fn template(url: impl Into<String>) -> Self {
        Self::to(Target::Template(url.into()))
    }

    /// A PUT to the URL that `sign` makes for the name of a preview. It is asked anew for each attempt.
    pub fn signer<F, U>(sign: F) -> Self
    where
        F: Fn(String) -> U + Send + Sync + 'static,
        U: Future<Output = Result<String>> + Send + 'static,
    {
        Self::to(Target::Signer(Arc::new(move |id| Box::pin(sign(id)))))
    }

    /// An object under this URL: `s3://bucket/folder`, `gs://bucket/folder`, `az://container/folder`, or `file:///folder`. The
    /// object is `{id}.webp` there. `options` are those of the `object_store` crate, as in `aws_access_key_id`; what is not given
    /// is taken from the environment. The store does not say where its objects are to be had: [`Publish::public_url`] has to.
    #[cfg(feature = "object-store")]
    pub fn store(
        url: impl Into<String>,
        options: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let options = options.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self::to(Target::Store { url: url.into(), options })
    }

    fn to(target: Target) -> Self {
        Self { target, headers: Vec::new(), public_url: None }
    }

    /// Adds a header to each PUT.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets where a preview is to be had, with `{id}` for its name.
    pub fn public_url(mut self, template: impl Into<String>) -> Self {
        self.public_url = Some(template.into());
        self
    }

    /// # Errors
    /// [`Error::InvalidInput`] about `publish`, `headers` or `public_url`.
    pub(super) fn parse(self, allow_plain_http: bool) -> Result<Publisher> {
        let Self { target, headers, public_url } = self;
        let mut parsed = HeaderMap::new();
        for (name, value) in headers {
            let wrong =
                |what: &str| Error::invalid("headers", format!("expected the {what} of a header, got {name:?}"));
            let header = HeaderName::try_from(&name).map_err(|_| wrong("name"))?;
            parsed.append(header, HeaderValue::try_from(value).map_err(|_| wrong("value"))?);
        }
        let public_url = public_url.map(|template| with_place("public_url", template)).transpose()?;
        let way = match target {
            Target::Template(template) => {
                let template = with_place("publish", template)?;
                put_url(&template.replace(PLACE, "0"), allow_plain_http)?;
                Way::Template(template)
            }
            Target::Signer(signer) => Way::Signer(signer),
            #[cfg(feature = "object-store")]
            Target::Store { url, options } => {
                if public_url.is_none() {
                    return Err(Error::invalid("public_url", "expected one with an object store, got none"));
                }
                Way::Store(Store::open(&url, &options)?)
            }
        };
        Ok(Publisher { way, headers: parsed, public_url, allow_plain_http })
    }
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Queries sign, options and headers may hold keys.
        let target = match &self.target {
            Target::Template(url) => url.split(['?', '#']).next().unwrap_or_default(),
            Target::Signer(_) => "signer",
            #[cfg(feature = "object-store")]
            Target::Store { url, .. } => url.split(['?', '#']).next().unwrap_or_default(),
        };
        f.debug_struct("Publish").field("target", &target).field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// Where previews go, in the words that bindings take: see [`Previews::from_options`](crate::Previews::from_options).
#[derive(Default)]
pub struct PublishOptions {
    /// A template or a signer.
    pub to: Option<Publish>,
    /// The URL of an object store; see [`Publish::store`].
    pub store: Option<String>,
    /// Its options.
    pub store_options: Option<BTreeMap<String, String>>,
    /// See [`Publish::headers`].
    pub headers: BTreeMap<String, String>,
    /// See [`Publish::public_url`].
    pub public_url: Option<String>,
}

impl fmt::Debug for PublishOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As of `Publish`: headers and options may hold keys.
        f.debug_struct("PublishOptions").field("to", &self.to).finish_non_exhaustive()
    }
}

impl PublishOptions {
    /// The one that was chosen; none when nothing was.
    pub(super) fn chosen(
        to: Option<Publish>,
        store: Option<String>,
        options: Option<Options>,
    ) -> Result<Option<Publish>> {
        match (to, store, options) {
            (Some(_), Some(_), _) => Err(Error::invalid("store", "expected it or a URL to publish to, got both")),
            (_, None, Some(_)) => Err(Error::invalid("store_options", "expected a store that they are of, got none")),
            (to, None, None) => Ok(to),
            (None, Some(url), options) => in_store(url, options.unwrap_or_default()).map(Some),
        }
    }
}

/// By name.
type Options = BTreeMap<String, String>;

#[cfg(feature = "object-store")]
#[allow(clippy::unnecessary_wraps, reason = "without the feature it is refused")]
fn in_store(url: String, options: Options) -> Result<Publish> {
    Ok(Publish::store(url, options))
}

#[cfg(not(feature = "object-store"))]
fn in_store(_url: String, _options: Options) -> Result<Publish> {
    Err(Error::invalid("store", "expected a build with the feature object-store"))
}

/// A [`Publish`] that can be used.
pub(super) struct Publisher {
    way: Way,
    headers: HeaderMap,
    public_url: Option<String>,
    allow_plain_http: bool,
}

enum Way {
    Template(String),
    Signer(Signer),
    #[cfg(feature = "object-store")]
    Store(Store),
}

/// What a PUT goes through.
pub(super) struct Road<'a> {
    pub(super) http: &'a Http,
    pub(super) pacer: &'a Pacer,
    pub(super) clock: &'a dyn Clock,
    /// For one PUT in all.
    pub(super) timeout: Duration,
}

impl Publisher {
    /// Puts it, and says where it is to be had.
    pub(super) async fn publish(&self, road: &Road<'_>, id: &str, bytes: Bytes, format: Format) -> Result<String> {
        let url = match &self.way {
            Way::Template(template) => self.put(road, &template.replace(PLACE, id), bytes, format).await?,
            Way::Signer(sign) => self.put(road, &sign(id.to_owned()).await?, bytes, format).await?,
            #[cfg(feature = "object-store")]
            Way::Store(store) => {
                store.put(id, bytes, format).await?;
                String::new()
            }
        };
        Ok(match &self.public_url {
            Some(template) => template.replace(PLACE, id),
            None => url,
        })
    }

    /// One PUT as often as the pace allows; the answer is the URL without what signed it.
    async fn put(&self, road: &Road<'_>, url: &str, bytes: Bytes, format: Format) -> Result<String> {
        let url = put_url(url, self.allow_plain_http)?;
        let host = url.host_str().unwrap_or_default();
        let attempt = |_| async {
            let mut headers = self.headers.clone();
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(format.content_type()));
            let request = Request {
                endpoint: ENDPOINT,
                method: Method::PUT,
                url: url.clone(),
                headers,
                body: Body::Bytes(bytes.clone()),
                patience: Patience::Total(road.timeout),
            };
            let response = road.http.send(request).await?;
            match response.status {
                200..300 => Ok(()),
                status if status < 400 => {
                    let reason = format!("expected a status of success, got {status}");
                    Err(Failure::last(response.broken(ENDPOINT, reason)))
                }
                _ => {
                    let asked = Asked { endpoint: ENDPOINT, what: "CDN", id: url.path(), hint: HINT };
                    Err(refusal(asked, &response, road.clock.date()))
                }
            }
        };
        road.pacer.run(Door::Unmetered(host), Repeat::Safe, attempt).await?;
        let mut public = url.clone();
        public.set_query(None);
        public.set_fragment(None);
        Ok(public.into())
    }
}

/// Without the place for a name each preview would take the place of the one before.
fn with_place(field: &str, template: String) -> Result<String> {
    if template.contains(PLACE) {
        return Ok(template);
    }
    Err(Error::invalid(field, "expected a URL with {id} in it, got one that is the same for every preview"))
}

fn put_url(text: &str, allow_plain_http: bool) -> Result<Url> {
    let url = Url::parse(text).map_err(|error| Error::invalid("publish", format!("expected a URL: {error}")))?;
    if let Some(why) = unfit(&url, allow_plain_http) {
        return Err(Error::invalid("publish", why));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid("publish", "expected a URL without user and password"));
    }
    Ok(url)
}

/// Where the name of a preview goes.
const PLACE: &str = "{id}";
const ENDPOINT: &str = "PUT preview";
const HINT: &str = "does the signature of the URL cover the headers that are sent, and is it still good?";

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(publish: Publish) -> String {
        match publish.parse(false) {
            Ok(_) => "taken".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_template_that_every_preview_would_overwrite_is_refused() {
        assert!(refused(Publish::template("https://cdn.example/p.webp?s=1")).contains("expected a URL with {id}"));
        let named = Publish::template("https://cdn.example/{id}").public_url("https://cdn.example/p.webp");
        assert!(refused(named).starts_with("invalid public_url"));
    }

    #[test]
    fn a_target_that_bytes_may_not_go_to_and_a_header_that_is_none_are_refused() {
        for (publish, part) in [
            (Publish::template("http://cdn.example/{id}"), "expected https"),
            (Publish::template("https://user:hush@cdn.example/{id}"), "without user and password"),
            (Publish::template("cdn.example/{id}"), "expected a URL"),
            (Publish::template("https://cdn.example/{id}").header("a b", "c"), "the name of a header"),
            (Publish::template("https://cdn.example/{id}").header("a", "c\r\nd: e"), "the value of a header"),
        ] {
            let text = refused(publish);
            assert!(text.contains(part) && !text.contains("hush"), "{text}");
        }
        assert_eq!(refused(Publish::template("http://127.0.0.1:9000/{id}")), "taken");
    }

    #[test]
    fn debug_shows_no_signature() {
        let publish = Publish::template("https://cdn.example/{id}?signature=hush").header("authorization", "hush");
        assert!(!format!("{publish:?}").contains("hush"));
        let store_options = Some([("aws_secret_access_key".to_owned(), "hush".to_owned())].into());
        let headers = [("authorization".to_owned(), "hush".to_owned())].into();
        let options = PublishOptions { to: Some(publish), store_options, headers, ..PublishOptions::default() };
        assert!(!format!("{options:?}").contains("hush"));
    }
}
