//! Files that were made to do harm: each is a right picture or a typed error within the limits.

use libtest_mimic::Trial;

use super::*;

pub(super) fn tests() -> Vec<Trial> {
    crate::support::tests![
        less_than_a_kilobyte_deflated_twice_is_too_large,
        pages_of_any_claimed_size_are_drawn_in_the_size_of_the_preview,
        what_is_nested_without_end_is_not_followed_to_its_end,
        what_takes_more_memory_than_a_child_may_is_too_large,
        what_takes_more_time_than_a_child_may_is_too_large,
        a_table_of_objects_that_leads_to_itself_is_left_behind,
        a_million_objects_are_read_within_the_limits,
        nothing_of_scripts_programs_and_attachments_is_run_or_kept,
        a_file_that_opens_with_a_password_alone_is_encrypted,
        a_file_that_is_cut_off_anywhere_is_an_error_or_a_picture,
        flipped_bits_are_an_error_or_a_picture_in_a_child_too,
    ]
}

fn less_than_a_kilobyte_deflated_twice_is_too_large() {
    let bytes = file("bomb.pdf");
    assert!(bytes.len() < 1_000);
    let error = porteur::preview(&bytes, &wish()).unwrap_err();
    let wanted = "pdf is too large: expected at most 536870912 bytes of memory in its child process, which wanted more";
    assert_eq!(error.to_string(), wanted);
    assert_eq!(error.facts().code, "media");
    let half = MediaLimits { max_child_memory: 64 << 20, ..wish().limits };
    assert_eq!(outcome(&bytes, &wish().limits(half)), "too_large");
}

fn pages_of_any_claimed_size_are_drawn_in_the_size_of_the_preview() {
    let red = "1 0 0 rg -5 -5 1000000000 1000000000 re f";
    let cases = [
        ("0 0 1000000000 1000000000", (300, 300)),
        ("1000000000 1000000000 0 0", (300, 300)),
        ("-1000000000 -5 5 5", (300, 1)),
        ("0 0 100000 1", (300, 1)),
        // Nothing is no size: A4 then.
        ("0 0 0 0", (212, 300)),
        ("5 5 5 900", (212, 300)),
    ];
    for (media_box, size) in cases {
        let picture = porteur::preview(&page_of(media_box, red, "", &[]), &wish()).expect(media_box);
        assert_eq!((picture.width, picture.height), size, "{media_box}");
        let large = porteur::preview(&page_of(media_box, red, "", &[]), &wish().dpi(600)).expect(media_box);
        assert!(large.width <= 300 && large.height <= 300, "{media_box}");
    }
    let no_number = format!("0 0 {} 1", "9".repeat(45));
    assert_eq!(outcome(&page_of(&no_number, red, "", &[]), &wish()), "corrupt");
}

fn what_is_nested_without_end_is_not_followed_to_its_end() {
    let form = |next: usize| {
        let entries =
            format!("/Type /XObject /Subtype /Form /BBox [0 0 200 200] /Resources << /XObject << /F {next} 0 R >> >>");
        stream(&entries, "/F Do /F Do")
    };
    let forms = "/XObject << /F 5 0 R >>";
    let chain: Vec<String> = (0..400).map(|at| form(6 + at)).collect();
    let tree: Vec<String> = std::iter::once("<< /Type /Catalog /Pages 2 0 R >>".to_owned())
        .chain((3..60_000).map(|next| format!("<< /Type /Pages /Count 1 /Kids [{next} 0 R] >>")))
        .chain(["<< /Type /Page /MediaBox [0 0 9 9] >>".to_owned()])
        .collect();
    let cases = [
        ("arrays in the content", page(&("[".repeat(200_000) + &"]".repeat(200_000)), "", &[])),
        ("dictionaries in the content", page(&("/X ".to_owned() + &"<</A ".repeat(200_000)), "", &[])),
        ("arrays in an object", page("", "/A 5 0 R", &["[".repeat(300_000)])),
        ("states of drawing", page(&"q ".repeat(500_000), "", &[])),
        ("a form in itself", page("/F Do", forms, &[form(5)])),
        ("forms in forms", page("/F Do", forms, &chain)),
        ("pages in pages", pdf(&tree)),
        (
            "pages in themselves",
            pdf(&[
                "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
                "<< /Type /Pages /Count 9 /Kids [2 0 R 3 0 R 3 0 R] >>".to_owned(),
                "<< /Type /Pages /Kids [2 0 R 3 0 R] >>".to_owned(),
            ]),
        ),
        ("a length that is its own", page("", "", &[]).replace(b"/Length 0", b"/Length 4 0 R")),
    ];
    for (name, bytes) in cases {
        let outcome = outcome(&bytes, &wish());
        assert!(["picture", "corrupt", "too_large"].contains(&outcome.as_str()), "{name}: {outcome}");
    }
}

fn what_takes_more_memory_than_a_child_may_is_too_large() {
    let image = |width: u32, height: u32| {
        let entries = format!(
            "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ImageMask true /BitsPerComponent 1 \
             /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns {width} /Rows {height} >>"
        );
        stream(&entries, &"ab".repeat(50))
    };
    let shown = "q 200 0 0 200 0 0 cm /I Do Q";
    let cases = [
        ("a huge picture", page(shown, "/XObject << /I 5 0 R >>", &[image(100_000, 100_000)])),
        ("dashes without length", page("[0 0] 0 d 0 0 m 1000000000 1000000000 l S", "", &[])),
        ("a long path", page(&("0 0 m ".to_owned() + &"200 200 l 0 100 l ".repeat(1_400_000) + "S"), "", &[])),
    ];
    for (name, bytes) in cases {
        assert_eq!(outcome(&bytes, &wish()), "too_large", "{name}");
    }
}

fn what_takes_more_time_than_a_child_may_is_too_large() {
    let form = |next: usize| {
        let entries =
            format!("/Type /XObject /Subtype /Form /BBox [0 0 200 200] /Resources << /XObject << /F {next} 0 R >> >>");
        stream(&entries, &("/F Do ".repeat(10) + "1 0 0 rg 0 0 5 5 re f"))
    };
    let forms: Vec<String> = (0..40).map(|at| form(6 + at)).collect();
    let program = format!("{{ {} 0 0 }}", "sin cos ".repeat(20_000));
    let function = stream("/FunctionType 4 /Domain [0 1 0 1] /Range [0 1 0 1 0 1]", &program);
    let shading = "/Shading << /S << /ShadingType 1 /ColorSpace /DeviceRGB /Domain [0 1 0 1] \
                   /Matrix [200 0 0 200 0 0] /Function 5 0 R >> >>";
    let pattern = "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.1 /YStep 0.1 \
                   /Resources << >>";
    let tile = stream(pattern, "1 0 0 rg 0 0 1 1 re f");
    let tiled = "/Pattern cs /P scn 0 0 200 200 re f ".repeat(20_000);
    let cases = [
        ("ten forms in each of ten forms", page("/F Do", "/XObject << /F 5 0 R >>", &forms)),
        ("a shading by a long program", page(&"/S sh ".repeat(500), shading, &[function])),
        ("a pattern of tiny tiles", page(&tiled, "/Pattern << /P 5 0 R >>", &[tile])),
    ];
    for (name, bytes) in cases {
        let error = porteur::preview(&bytes, &wish()).unwrap_err();
        let wanted = "pdf is too large: expected at most 2 s of a processor in its child process, which wanted more";
        assert_eq!(error.to_string(), wanted, "{name}");
        let impatient = MediaLimits { max_child_wall: Duration::from_millis(200), ..MediaLimits::default() };
        let error = porteur::preview(&bytes, &wish().limits(impatient)).unwrap_err();
        assert!(error.to_string().contains("0.2 s by the clock"), "{name}: {error}");
    }
}

fn a_table_of_objects_that_leads_to_itself_is_left_behind() {
    let bytes = page("1 0 0 rg 0 0 9 9 re f", "", &[]);
    let table = bytes.windows(6).position(|window| window == b"xref\n0").unwrap();
    let circle = bytes.replace(b"trailer\n<<", format!("trailer\n<< /Prev {table}").as_bytes());
    assert_eq!(outcome(&circle, &wish()), "picture");
    assert_eq!(outcome(&bytes[..table], &wish()), "picture", "without a table its objects are looked for");
}

fn a_million_objects_are_read_within_the_limits() {
    let mut bytes = page("", "", &[]);
    let end = bytes.windows(6).position(|window| window == b"xref\n0").unwrap();
    bytes.truncate(end);
    bytes.extend((5..1_000_005).flat_map(|number| format!("{number} 0 obj 1 endobj\n").into_bytes()));
    let outcome = outcome(&bytes, &wish());
    assert!(["picture", "too_large"].contains(&outcome.as_str()), "{outcome}");
}

fn nothing_of_scripts_programs_and_attachments_is_run_or_kept() {
    let picture = porteur::preview(&file("active.pdf"), &wish()).unwrap();
    assert_eq!((picture.width, picture.height, picture.source.pdf_pages), (300, 200, Some(1)));
    assert!(!picture.bytes.windows(6).any(|window| window == b"secret"));
    let plain = porteur::preview(&file("pages.pdf"), &wish()).unwrap();
    assert_eq!(picture.bytes, plain.bytes, "the page is drawn, and nothing else");
}

fn a_file_that_opens_with_a_password_alone_is_encrypted() {
    assert_eq!(outcome(&file("locked.pdf"), &wish()), "encrypted");
    let error = porteur::inspect(&file("locked.pdf"), &wish().limits).unwrap_err();
    assert_eq!(error.to_string(), "pdf is encrypted: it opens with a password alone");
    assert_eq!(outcome(&file("guarded.pdf"), &wish()), "picture", "an owner's password is none for readers");
}

fn a_file_that_is_cut_off_anywhere_is_an_error_or_a_picture() {
    for name in ["letter.pdf", "pages.pdf", "guarded.pdf"] {
        let bytes = file(name);
        for end in (0..bytes.len()).step_by(10) {
            let outcome = outcome(&bytes[..end], &wish());
            assert!(["picture", "corrupt", "unsupported"].contains(&outcome.as_str()), "{name} to {end}: {outcome}");
        }
    }
}

fn flipped_bits_are_an_error_or_a_picture_in_a_child_too() {
    let bytes = file("letter.pdf");
    for round in 0..400_usize {
        let mut damaged = bytes.clone();
        let length = damaged.len();
        for step in 0..=round % 5 {
            damaged[(round * 7_919 + step * 104_729) % length] ^= 1 << (round % 8);
        }
        let outcome = outcome(&damaged, &wish());
        assert!(!outcome.contains("isolation"), "{round}: {outcome}");
    }
}

/// Bytes with something else in place of a part of them.
trait Replace {
    fn replace(&self, part: &[u8], by: &[u8]) -> Vec<u8>;
}

impl Replace for Vec<u8> {
    fn replace(&self, part: &[u8], by: &[u8]) -> Vec<u8> {
        let at = self.windows(part.len()).position(|window| window == part).expect("the part is there");
        [&self[..at], by, &self[at + part.len()..]].concat()
    }
}
