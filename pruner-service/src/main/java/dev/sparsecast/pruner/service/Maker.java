package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.service.ReleaseMaker.Order;

/** Does what was decided. */
interface Maker {
    /**
     * Makes a candidate, judges it and, if it is good enough, releases it.
     *
     * @throws PrunerException if the pruner cannot go on
     * @throws RuntimeException of any other kind if nothing was announced and it may be tried again
     */
    Outcome make(Order order);

    /**
     * Carries out a command.
     *
     * @throws PrunerException if the pruner cannot go on
     * @throws RuntimeException of any other kind if nothing was announced and it may be tried again
     */
    Outcome carryOut(Instruction instruction);
}
