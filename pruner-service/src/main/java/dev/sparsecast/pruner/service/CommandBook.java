package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelCommand.Action;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The commands that stand in their topic, in the order in which they were given: those that were not acted on yet, and
 * pauses, which stand there for as long as they are in force. Used by one thread.
 */
final class CommandBook {
    private final Map<String, SubModelCommand> standing = new LinkedHashMap<>();
    private final Set<String> answered = new HashSet<>();

    void add(SubModelCommand command) {
        standing.put(command.id(), command);
    }

    /** It was acted on, or taken back. */
    void remove(String id) {
        standing.remove(id);
    }

    /** Somebody was told what became of it. */
    void answered(String id) {
        answered.add(id);
    }

    /** Those that ask for a release. */
    List<SubModelCommand> refreshes(String submodel) {
        return standing(submodel, Action.REFRESH);
    }

    List<SubModelCommand> pauses(String submodel) {
        return standing(submodel, Action.PAUSE);
    }

    private List<SubModelCommand> standing(String submodel, Action action) {
        return standing.values().stream()
                .filter(command -> command.submodel().equals(submodel) && command.action() == action)
                .toList();
    }

    /**
     * The next that is to be acted on at once. Refreshes are not, as long as there is such a sub-model: they wait until
     * one may be made.
     *
     * @param known names of the sub-models that there are
     * @param ready whether anything may be done about a sub-model now
     */
    Optional<SubModelCommand> next(Set<String> known, Predicate<String> ready) {
        return standing.values().stream()
                .filter(command -> ready.test(command.submodel()))
                .filter(command -> switch (command.action()) {
                    case REFRESH -> !known.contains(command.submodel());
                    case PAUSE -> !answered.contains(command.id());
                    case RESUME, PIN, UNPIN, REVOKE -> true;
                })
                .findFirst();
    }
}
