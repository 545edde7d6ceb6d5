package dev.sparsecast.schemas;

import java.time.Instant;

/**
 * Running statistics of one group in one decoder block. Group and layer stand in the record's key ({@link LayerKey}).
 *
 * @param layers decoder blocks of the model: a snapshot needs as many
 * @param epoch newest epoch with a flush that is contained
 * @param epochMillis length of an epoch: epoch {@code e} covers {@code [e, e+1) * epochMillis} of stream time
 * @param flushes number of flushes contained
 * @param flushDigest which flushes are contained
 * @param lastFlushAt instant of the newest flush contained
 * @param distinctSources about how many different sources
 * @param lifetime sums over everything ever seen
 * @param decayed sums in which a flush weighs half after each half-life of further tokens
 * @param halfLifeTokens half-life of {@code decayed}
 */
public record ActivationStatistics(
        int layers,
        long epoch,
        long epochMillis,
        long flushes,
        FlushDigest flushDigest,
        Instant lastFlushAt,
        long distinctSources,
        Totals lifetime,
        Totals decayed,
        double halfLifeTokens) {}
