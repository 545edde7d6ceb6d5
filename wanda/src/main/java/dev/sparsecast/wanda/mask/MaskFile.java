package dev.sparsecast.wanda.mask;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.SafetensorsFile;
import dev.sparsecast.checkpoint.SafetensorsWriter;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The mask file: safetensors with, for each prunable module, {@code <module>.mask} (U8, {@code [rows, ceil(columns/8)]},
 * row-major, little bit order, 1 = kept) and the metadata {@code format=sparsecast-mask}, those of
 * {@link PruningParameters#metadata}, {@code model} and {@code digest} ({@code sha256:…} of the data section). Where columns
 * are no multiple of 8, {@code columns} says how many there are: {@code module=columns,…}.
 */
public final class MaskFile {
    private static final String FORMAT = "sparsecast-mask";
    private static final String SUFFIX = ".mask";

    private MaskFile() {}

    /** Writes a file atomically. */
    public static void write(Path file, SubModelMask masks) {
        Map<String, String> metadata = new TreeMap<>(masks.parameters().metadata());
        metadata.put("format", FORMAT);
        metadata.put("model", masks.modelDigest());
        metadata.put("digest", masks.digest());
        String odd = masks.masks().stream()
                .filter(mask -> mask.columns() % Byte.SIZE != 0)
                .map(mask -> mask.module() + "=" + mask.columns())
                .collect(Collectors.joining(","));
        if (!odd.isEmpty()) {
            metadata.put("columns", odd);
        }
        List<SafetensorsWriter.Entry> layout = masks.masks().stream()
                .map(mask -> new SafetensorsWriter.Entry(
                        mask.module() + SUFFIX, ElementType.U8, List.of((long) mask.rows(), (long) mask.rowBytes())))
                .toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, layout, metadata)) {
            for (Mask mask : masks.masks()) {
                writer.write(mask.module() + SUFFIX, mask.bits());
            }
            String digest = writer.finish();
            if (!digest.equals(masks.digest())) {
                throw new IllegalStateException("wrote " + digest + " for mask " + masks.digest());
            }
        }
    }

    /**
     * Reads a file and checks it against its digest.
     *
     * @throws PruningException if it is no mask file or damaged
     * @throws dev.sparsecast.checkpoint.CheckpointException if it is no safetensors file
     */
    public static SubModelMask read(Path file) {
        try (MappedMask mapped = open(file)) {
            return SubModelMask.copyOf(mapped.mask(), mapped.mask().parameters());
        }
    }

    /**
     * Maps a file and checks it against its digest, which reads it once; memory does not depend on its size.
     *
     * @throws PruningException if it is no mask file or damaged
     * @throws dev.sparsecast.checkpoint.CheckpointException if it is no safetensors file
     */
    public static MappedMask open(Path file) {
        SafetensorsFile safetensors = SafetensorsFile.open(file);
        try {
            return new MappedMask(safetensors, checked(file, safetensors));
        } catch (RuntimeException e) {
            safetensors.close();
            throw e;
        }
    }

    private static SubModelMask checked(Path file, SafetensorsFile safetensors) {
        Map<String, String> metadata = safetensors.metadata();
        if (!FORMAT.equals(metadata.get("format"))) {
            throw new PruningException(
                    file + " is no mask file: its metadata lacks format=" + FORMAT + "; make one with prune --mask");
        }
        PruningParameters parameters = PruningParameters.ofMetadata("mask file " + file, metadata);
        Map<String, Integer> columns = columns(metadata.getOrDefault("columns", ""), file);
        List<Mask> masks = new ArrayList<>();
        for (Tensor tensor : safetensors.tensors().values()) {
            masks.add(mask(tensor, columns, file));
        }
        SubModelMask mask = SubModelMask.of(required(metadata, "model", "mask file " + file), parameters, masks);
        String expected = required(metadata, "digest", "mask file " + file);
        if (!mask.digest().equals(expected)) {
            throw new PruningException("mask file " + file + " is damaged: its digest says " + expected
                    + " but its bits are " + mask.digest() + "; copy or make it again");
        }
        return mask;
    }

    private static Mask mask(Tensor tensor, Map<String, Integer> columns, Path file) {
        if (!tensor.name().endsWith(SUFFIX)
                || tensor.type() != ElementType.U8
                || tensor.shape().size() != 2) {
            throw new PruningException("tensor " + tensor.name() + " of mask file " + file
                    + " is no mask: expected <module>" + SUFFIX + " of type U8 with two dimensions");
        }
        String module = tensor.name().substring(0, tensor.name().length() - SUFFIX.length());
        int rowBytes = tensor.columns();
        int moduleColumns = columns.getOrDefault(module, rowBytes * Byte.SIZE);
        if ((moduleColumns + Byte.SIZE - 1) / Byte.SIZE != rowBytes) {
            throw new PruningException("mask file " + file + " gives module " + module + " " + moduleColumns
                    + " columns in rows of " + rowBytes + " bytes; make it again");
        }
        Mask mask = new Mask(module, tensor.rows(), moduleColumns, tensor.data());
        if (!mask.isPadded()) {
            throw new PruningException(
                    "mask file " + file + " has bits behind the last column of module " + module + "; make it again");
        }
        return mask;
    }

    private static Map<String, Integer> columns(String text, Path file) {
        Map<String, Integer> columns = new HashMap<>();
        for (String entry : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int equals = entry.indexOf('=');
            if (equals < 0 || !entry.substring(equals + 1).matches("\\d{1,9}")) {
                throw new PruningException(
                        "mask file " + file + " has unreadable columns '" + entry + "'; make it again");
            }
            columns.put(entry.substring(0, equals), Integer.parseInt(entry.substring(equals + 1)));
        }
        return columns;
    }

    private static String required(Map<String, String> metadata, String key, String file) {
        String value = metadata.get(key);
        if (value == null) {
            throw new PruningException(file + " lacks the metadata '" + key + "'; make it again");
        }
        return value;
    }
}
