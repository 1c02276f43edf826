//! Pictures from people who mean no good: made when the tests run, the same each time, none of them stored.
//!
//! Each is inspected and transformed through the public door ([`judge`] says what has to hold). To see what the slowest
//! and the largest cost: `cargo test --release -p porteur-tests -- --nocapture --test-threads 1 hostile`.

mod bombs;
mod judge;
mod make;
mod memory;
mod mutations;
mod oddities;
mod polyglots;

use libtest_mimic::Trial;

pub(crate) use memory::Counting;

pub(crate) fn tests() -> Vec<Trial> {
    use bombs::*;
    use mutations::*;
    use oddities::*;
    use polyglots::*;
    let tests = crate::support::tests![
        files_that_promise_too_much_are_refused_from_their_header,
        files_that_inflate_are_pictures_or_refused,
        pictures_at_the_edge_of_the_limits_stay_within_the_memory,
        chunks_of_a_webp_that_disagree_are_refused_before_they_cost_anything,
        files_cut_off_at_every_tenth_byte_are_pictures_or_refused,
        flipped_bits_and_bytes_are_pictures_or_refused,
        pieces_of_files_that_change_places_are_pictures_or_refused,
        rows_of_a_png_that_nobody_filtered_that_way_are_pictures_or_refused,
        heads_and_bodies_that_do_not_belong_together_are_pictures_or_refused,
        odd_jpegs_are_pictures_or_refused,
        odd_gifs_are_pictures_or_refused,
        odd_pngs_and_webps_are_pictures_or_refused,
        profiles_that_lie_are_passed_over,
        results_hold_nothing_of_what_else_a_file_carried,
    ];
    tests.into_iter().map(|test| test.with_kind("hostile")).collect()
}
