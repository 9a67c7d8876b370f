//! What a plan looks like and does, situation by situation: the table of contents of `tests/scenarios`.
//!
//! Each name below is a test and a file, `one_pop_of_two_replaced` is `one-pop-of-two-replaced.md`. The
//! file holds the live state, what is odd about it, the desired state, and the plan as it is printed.
//!
//! `SNAPSHOTS=overwrite cargo test --test scenarios` writes the plans again.

#[path = "support/scenario/mod.rs"]
mod scenario;
mod support;

use std::collections::BTreeSet;

/// Makes a test of each name, and the list of them.
macro_rules! scenarios {
    ($($(#[$attribute:meta])* $name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[tokio::test(start_paused = true)]
            $(#[$attribute])*
            async fn $name() {
                scenario::run(stringify!($name)).await;
            }
        )*
    };
}

scenarios! {
    // Made for the first time
    first_creation_of_l2
    first_creation_of_l3_with_vrrp
    first_creation_of_l3_with_static_routes
    first_creation_of_l3_with_bgp
    first_creation_of_a_resilient_pair
    nothing_to_do
    second_service_added
    l2_service_added_beside_l3

    // Removed
    one_of_two_services_removed
    last_service_removed
    one_of_two_datacenters_removed
    service_without_a_pop
    destroy_everything
    destroy_where_only_the_declared_is_managed
    destroy_where_nothing_is_left

    // PoPs replaced
    one_pop_of_two_replaced
    single_pop_replaced
    single_pop_replaced_keeps_assigned_asns
    single_pop_replaced_while_a_datacenter_is_being_created
    single_pop_replaced_while_a_datacenter_is_being_deleted
    single_pop_replaced_while_someone_is_at_work
    two_pops_replaced_one_after_the_other
    three_pops_replaced_one_after_the_other
    one_service_takes_over_from_another
    interface_of_a_pop_changed
    route_and_datacenter_and_pop_changed_at_once

    // Datacenters replaced and moved
    two_datacenters_replaced_one_after_the_other
    datacenter_moved_from_gra_to_rbx
    datacenter_moved_with_its_subnet
    assigned_asn_is_a_peers

    // Subnets that change hands
    subnets_exchanged_between_two_datacenters
    subnets_exchanged_between_two_pops
    subnets_exchanged_between_two_pops_of_three
    pop_takes_the_subnet_a_datacenter_frees
    datacenter_takes_a_prefix_that_was_routed
    datacenter_grows

    // Services that change vRack
    service_moved_between_two_vracks
    two_services_exchanged_between_vracks
    service_comes_from_a_vrack_not_in_the_topology
    last_service_leaves_a_vrack_not_in_the_topology
    everything_moved_to_another_vrack
    two_services_exchanged_between_vracks_with_the_same_subnet
    sixteen_services_and_one_more
    services_exchanged_between_two_full_vracks
    three_services_move_round_between_three_vracks

    // Layers
    l2_becomes_l3
    l3_becomes_l2_beside_another_l3
    only_l3_service_becomes_l2
    l2_place_handed_from_one_service_to_another
    l2_service_ends_in_another_datacenter
    l2_service_moved_between_two_vracks
    l2_pop_moved_to_another_interface

    // Interfaces
    interface_of_the_only_path_locked
    interface_of_one_path_of_two_locked
    interface_locked_and_its_pop_replaced
    l2_pop_moved_to_an_interface_that_is_locked
    interface_unlocked_before_another_is_locked
    interface_unlocked_before_a_pop_is_replaced
    interface_unlocked_for_a_new_pop
    pop_moves_and_the_old_interface_is_locked
    interface_of_an_l2_service_locked
    interface_is_being_locked
    interface_is_being_locked_and_shall_not_be
    interface_stays_as_it_is

    // Static routes and BGP peers
    static_routes_become_bgp_peers
    bgp_peers_become_static_routes
    four_bgp_peers_exchanged_for_four_others
    fourth_and_fifth_bgp_peer
    asn_of_both_bgp_peers_changed
    next_hop_of_a_route_changed
    route_added_before_another_goes
    bgp_peers_removed
    single_bgp_peer_replaced
    duplicate_peer_among_four
    route_moved_to_another_datacenter

    // What others have begun, and what failed
    init_that_matches_is_waited_for
    init_pop_and_its_datacenters
    init_that_differs_is_replaced
    failed_creation_is_replaced
    failed_creation_of_the_only_pop
    failed_creation_of_an_l2_pop
    to_delete_is_waited_out_and_made_again
    to_delete_that_is_not_declared
    datacenters_doomed_with_the_last_pop
    duplicate_datacenter_is_removed
    duplicate_route_is_removed
    task_of_someone_else_is_waited_for
    task_of_someone_else_where_only_a_route_changes
    last_pop_goes_and_its_datacenters_are_still_declared
    destroy_while_things_are_made_and_deleted
    service_on_its_way_into_the_vrack
    service_on_its_way_out_of_the_vrack
    service_moved_while_someone_attaches_it_elsewhere
    other_pop_is_still_being_created
    other_pop_is_being_deleted
    route_is_being_deleted
    datacenter_with_a_route_is_being_deleted
    failed_creation_of_a_route
    failed_creation_of_a_datacenter_with_a_route
    duplicate_pop_is_removed

    // What is managed
    only_the_declared_is_managed
    only_the_declared_is_managed_and_the_last_pop_goes
    only_the_declared_is_managed_and_the_only_pop_is_replaced
    description_updated_in_place
    only_the_declared_is_managed_and_something_else_has_the_subnet
    only_the_declared_is_managed_and_something_else_has_the_l2_place

    // No plan
    datacenter_takes_no_new_configuration
    put_back_impossible_datacenter_takes_no_new_configuration
    interface_has_to_be_chosen
    closed_service
    provider_service_cannot_be_l2
}

#[test]
fn every_file_is_in_the_table_and_only_once() {
    let listed: BTreeSet<String> =
        NAMES.iter().map(|name| format!("{}.md", name.replace('_', "-"))).collect();
    assert_eq!(listed.len(), NAMES.len(), "a scenario stands twice in the table");
    let entries = std::fs::read_dir(scenario::FOLDER).expect("the folder is there");
    let there: BTreeSet<String> = entries
        .map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .collect();
    let forgotten: Vec<_> = there.symmetric_difference(&listed).collect();
    assert!(forgotten.is_empty(), "only in {} or only in the table: {forgotten:?}", scenario::FOLDER);
}

#[test]
fn a_file_that_lacks_something_is_refused() {
    let whole = "# A title\n## Live\n```\nx\n```\n## Desired\n```\ny\n```\n## ovhconnect plan\n```\nz\n```\n";
    let parse = |text: &str| scenario::Scenario::parse("a.md".as_ref(), text.to_owned());
    let read = parse(whole).expect("nothing is missing");
    assert_eq!((read.live.as_str(), read.desired.as_str()), ("x\n", "y\n"));
    assert_eq!(read.with("new\n"), whole.replace("\nz\n", "\nnew\n"));
    for (from, to, problem) in [
        ("# A title\n", "", "the first line is not a title (`# …`)"),
        ("## Live\n```\nx\n```\n", "", "there is no section `## Live` where it belongs"),
        ("```\nx\n```\n", "", "section `## Live` has no block"),
        ("## Desired\n```\ny\n```\n", "", "there is no section `## Desired` where it belongs"),
        ("## ovhconnect plan\n```\nz\n```\n", "", "there is no section `## ovhconnect plan …` at the end"),
        ("plan\n```\nz\n```\n", "plan\n", "section `## ovhconnect plan` has no block"),
        ("z\n```\n", "z\n", "the last block is not closed"),
        (
            "plan\n",
            "plan --now\n",
            "`--now` in `## ovhconnect plan --now` is none of --destroy, --explain, fails",
        ),
    ] {
        assert_eq!(parse(&whole.replace(from, to)), Err(problem.to_owned()));
    }
}
