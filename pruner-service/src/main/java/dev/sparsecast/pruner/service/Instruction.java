package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelRelease;
import java.util.List;
import java.util.Optional;

/**
 * A command with all that matters to it.
 *
 * @param isKnown whether the pruner makes such a sub-model
 * @param current the release in use
 * @param pauses all of the sub-model that are in force, the command itself among them if it is one
 */
record Instruction(
        SubModelCommand command, boolean isKnown, Optional<SubModelRelease> current, List<SubModelCommand> pauses) {
    Instruction {
        pauses = List.copyOf(pauses);
    }
}
