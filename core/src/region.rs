//! The platform's regions: a domain and an AWS name each. Source: docs/platform.md, "Hosts and settings".

use crate::error::{Error, Result};

macro_rules! regions {
    ($($name:ident, $domain:literal, $aws:literal;)*) => {
        /// A region of the platform, named as AWS names it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Region {
            $(#[doc = concat!("`", $domain, "`, AWS `", $aws, "`.")] $name,)*
        }

        impl Region {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The domain, as in `mypurecloud.ie`.
            pub fn domain(self) -> &'static str {
                match self { $(Self::$name => $domain),* }
            }

            /// The AWS name, as in `eu-west-1`.
            pub fn aws_name(self) -> &'static str {
                match self { $(Self::$name => $aws),* }
            }
        }
    };
}

regions! {
    UsEast1, "mypurecloud.com", "us-east-1";
    UsWest2, "usw2.pure.cloud", "us-west-2";
    UsEast2, "use2.us-gov-pure.cloud", "us-east-2";
    CaCentral1, "cac1.pure.cloud", "ca-central-1";
    MxCentral1, "mxc1.pure.cloud", "mx-central-1";
    SaEast1, "sae1.pure.cloud", "sa-east-1";
    EuWest1, "mypurecloud.ie", "eu-west-1";
    EuWest2, "euw2.pure.cloud", "eu-west-2";
    EuCentral1, "mypurecloud.de", "eu-central-1";
    ApSouth1, "aps1.pure.cloud", "ap-south-1";
    ApNortheast1, "mypurecloud.jp", "ap-northeast-1";
    ApNortheast2, "apne2.pure.cloud", "ap-northeast-2";
    ApNortheast3, "apne3.pure.cloud", "ap-northeast-3";
    ApSoutheast1, "apse1.pure.cloud", "ap-southeast-1";
    ApSoutheast2, "mypurecloud.com.au", "ap-southeast-2";
    MeCentral1, "mec1.pure.cloud", "me-central-1";
    EuCentral2, "euc2.pure.cloud", "eu-central-2";
    EuscDeEast1, "edee1.eusc-pure.cloud", "eusc-de-east-1";
}

impl Region {
    pub(crate) fn by_domain(domain: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|region| region.domain().eq_ignore_ascii_case(domain))
    }

    fn by_aws_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|region| region.aws_name().eq_ignore_ascii_case(name))
    }
}

/// Where an environment setting points: a region we know, or a domain we do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    Known(Region),
    Other(String),
}

impl Host {
    /// Takes a domain or an AWS name. A word without a dot that is neither is a mistake.
    pub(crate) fn parse(environment: &str) -> Result<Self> {
        let name = environment.trim();
        if let Some(region) = Region::by_domain(name).or_else(|| Region::by_aws_name(name)) {
            return Ok(Self::Known(region));
        }
        let like_a_domain =
            name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
        if like_a_domain {
            return Ok(Self::Other(name.to_owned()));
        }
        let known: Vec<String> =
            Region::ALL.iter().map(|region| format!("{} ({})", region.domain(), region.aws_name())).collect();
        let reason = format!("expected a domain or an AWS region, got `{environment}`; known are {}", known.join(", "));
        Err(Error::invalid("environment", reason))
    }

    pub(crate) fn domain(&self) -> &str {
        match self {
            Self::Known(region) => region.domain(),
            Self::Other(domain) => domain,
        }
    }
}
