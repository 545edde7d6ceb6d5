package dev.sparsecast.cli.command;

import picocli.CommandLine.Command;

/** {@code sparsecast releases}: what was released and why, and changes to what deployers run. */
@Command(
        name = "releases",
        description = "Look at releases and at why they were made, go back to one, withdraw one, forget old ones.",
        subcommands = {
            ReleaseViewCommands.ListReleases.class,
            ReleaseViewCommands.Show.class,
            ReleaseViewCommands.Diff.class,
            ReleaseViewCommands.Decisions.class,
            ReleaseSteeringCommands.Pin.class,
            ReleaseSteeringCommands.Unpin.class,
            ReleaseSteeringCommands.Revoke.class,
            ReleasePruneCommand.class
        })
final class ReleasesCommand {}
