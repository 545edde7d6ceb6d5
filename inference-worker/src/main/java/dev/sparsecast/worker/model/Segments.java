package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The tokens of a pass without padding, cut where the group changes; a shared prefix is a segment of its own, the first.
 *
 * @param lengths tokens of each segment
 * @param rows what the sums of segments are handed on as
 */
record Segments(List<Long> lengths, List<Row> rows) {
    /** The sums of one segment, for a group, counted so many times: as often as the group has sequences with the prefix. */
    private record Row(int segment, int group, int times) {}

    static Segments of(Pass pass, int[] groupOf) {
        List<Long> lengths = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        if (pass.prefix() > 0) {
            Map<Integer, Integer> members = new TreeMap<>();
            for (int sequence : pass.sequences()) {
                members.merge(groupOf[sequence], 1, Integer::sum);
            }
            lengths.add((long) pass.prefix());
            members.forEach((group, times) -> rows.add(new Row(0, group, times)));
        }
        int ofPrefix = lengths.size();
        for (SequenceBatch run : pass.runs()) {
            for (int i = 0; i < run.size(); i++) {
                int group = groupOf[run.sequences()[i]];
                long length = run.lengths()[i] - pass.prefix();
                if (lengths.size() > ofPrefix && rows.getLast().group() == group) {
                    lengths.set(lengths.size() - 1, lengths.getLast() + length);
                } else {
                    rows.add(new Row(lengths.size(), group, 1));
                    lengths.add(length);
                }
            }
        }
        return new Segments(lengths, rows);
    }

    long[] lengthsArray() {
        return lengths.stream().mapToLong(Long::longValue).toArray();
    }

    /** Splits a block's sums, [segment, tap, squares or plain, channel], by tap, and hands them on. */
    void hand(int layer, float[] sums, ModelConfig config, ActivationObserver observer) {
        int[] groups = rows.stream().mapToInt(Row::group).toArray();
        int width = sums.length / lengths.size();
        int offset = 0;
        for (Tap tap : Tap.values()) {
            int channels = tap.channels(config);
            float[] squares = new float[groups.length * channels];
            float[] plain = new float[groups.length * channels];
            for (int i = 0; i < groups.length; i++) {
                Row row = rows.get(i);
                int from = row.segment() * width + offset;
                for (int channel = 0; channel < channels; channel++) {
                    squares[i * channels + channel] = row.times() * sums[from + channel];
                    plain[i * channels + channel] = row.times() * sums[from + channels + channel];
                }
            }
            observer.observe(layer, tap, groups, squares, plain);
            offset += 2 * channels;
        }
    }
}
