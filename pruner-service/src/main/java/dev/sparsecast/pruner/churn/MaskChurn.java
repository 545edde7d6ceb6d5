package dev.sparsecast.pruner.churn;

import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.selection.Kernels;
import dev.sparsecast.wanda.selection.Selection;
import dev.sparsecast.wanda.selection.SelectionJob;
import dev.sparsecast.wanda.selection.SelectionKernel.RowSelector;
import dev.sparsecast.wanda.selection.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * Estimates mask churn, the share of mask bits that would flip if a sub-model were made again from newer statistics. Some rows
 * of every module are selected twice, by the calibration of the release and by the newer one, and the bits that differ are
 * counted; no mask of the whole model is needed.
 *
 * <p>Rows are drawn without replacement from each module, which is a stratum. With {@code d_h} the mean share of differing bits
 * in the {@code n_h} rows drawn of {@code N_h}, {@code s_h²} its variance, and {@code w_h} the module's share of all weights,
 *
 * <pre>{@code churn = Σ w_h · d_h,  variance = Σ w_h² · (1 - n_h / N_h) · s_h² / n_h}</pre>
 *
 * which is unbiased: every row of a module is drawn with the same probability.
 */
public final class MaskChurn {
    /** Rows without which there is no variance. */
    private static final int LEAST_ROWS = 2;

    private final Weights base;
    private final int rowsPerModule;
    private final RowSelector selector = Kernels.fastest().selector();

    /**
     * For one thread.
     *
     * @param rowsPerModule rows to draw of each module, at least 2; all rows of a module that has no more
     */
    public MaskChurn(Weights base, int rowsPerModule) {
        if (rowsPerModule < LEAST_ROWS) {
            throw new IllegalArgumentException(
                    "churn cannot be estimated from " + rowsPerModule + " rows of a module: draw at least 2");
        }
        this.base = base;
        this.rowsPerModule = rowsPerModule;
    }

    /**
     * Whether the churn of such sub-models can be estimated: only where a row's mask depends on nothing but the row and the
     * norms. RIA looks at whole columns and whole-matrix patterns rank all rows together.
     */
    public static boolean isDefinedFor(PruningParameters parameters) {
        return parameters.method() != Method.RIA && !(parameters.pattern() instanceof Pattern.WholeMatrix);
    }

    /**
     * Estimates the churn between two calibrations.
     *
     * @param parameters those of the release, with the sparsities that its layers have; budgets are not found anew
     * @param release what the release was made from
     * @param now what it would be made from now
     * @param seed which rows are drawn
     * @throws PruningException if a calibration does not fit the model, or a weight is NaN or infinite
     * @throws IllegalArgumentException if churn is not defined for the parameters
     */
    public ChurnEstimate estimate(PruningParameters parameters, Calibration release, Calibration now, long seed) {
        if (!isDefinedFor(parameters)) {
            throw new IllegalArgumentException("churn is not defined for " + parameters.label());
        }
        release.checkFits(base.config());
        now.checkFits(base.config());
        List<PrunableModule> modules = PrunableModule.of(base.config());
        double weights = modules.stream().mapToLong(PrunableModule::weights).sum();
        SplittableRandom random = new SplittableRandom(seed);
        double share = 0;
        double variance = 0;
        long sampled = 0;
        for (PrunableModule module : modules) {
            int[] rows = draw(module.rows(), random);
            double[] shares = differences(module, rows, parameters, release, now);
            double weight = module.weights() / weights;
            double mean = mean(shares);
            share += weight * mean;
            variance += weight * weight * (1 - (double) rows.length / module.rows()) * varianceOfMean(shares, mean);
            sampled += (long) rows.length * module.columns();
        }
        return new ChurnEstimate(share, Math.sqrt(variance), sampled, (long) weights);
    }

    /** Different rows in ascending order, by Floyd's algorithm. */
    private int[] draw(int rows, SplittableRandom random) {
        TreeSet<Integer> drawn = new TreeSet<>();
        for (int last = Math.max(0, rows - rowsPerModule); last < rows; last++) {
            int row = random.nextInt(last + 1);
            drawn.add(drawn.contains(row) ? last : row);
        }
        return drawn.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The share of bits that differ in each of the rows. */
    private double[] differences(
            PrunableModule module, int[] rows, PruningParameters parameters, Calibration release, Calibration now) {
        double[] shares = new double[rows.length];
        if (!parameters.usesActivations()) {
            return shares;
        }
        int rowBytes = SelectionJob.maskBytes(module.columns());
        Arena arena =
                Arena.ofAuto(); // the kernel may still read the first rows when it has answered: it warms up on them
        List<MemorySegment> masks = new ArrayList<>();
        masks.add(arena.allocate((long) rows.length * rowBytes));
        masks.add(arena.allocate((long) rows.length * rowBytes));
        SelectionJob job = new SelectionJob(
                gather(module, rows, arena),
                List.of(release.norms(module.layer(), module.tap()), now.norms(module.layer(), module.tap())),
                Selection.of(parameters, module.layer(), module.name(), module.columns()),
                masks);
        int bad = selector.select(job, 0, rows.length);
        if (bad != RowSelector.ALL_FINITE) {
            throw PruningException.notFinite(module.name(), rows[bad]);
        }
        for (int row = 0; row < rows.length; row++) {
            shares[row] = (double) differingBits(masks.get(0), masks.get(1), row, rowBytes) / module.columns();
        }
        return shares;
    }

    /** The rows as a matrix of their own. */
    private WeightMatrix gather(PrunableModule module, int[] rows, Arena arena) {
        WeightMatrix all = WeightMatrix.of(base.tensor(module.weight()));
        long rowBytes = (long) module.columns() * all.type().bytes();
        MemorySegment gathered = arena.allocate(rows.length * rowBytes, Long.BYTES);
        for (int row = 0; row < rows.length; row++) {
            MemorySegment.copy(all.data(), rows[row] * rowBytes, gathered, row * rowBytes, rowBytes);
        }
        return new WeightMatrix(all.type(), gathered, rows.length, module.columns());
    }

    private static int differingBits(MemorySegment one, MemorySegment other, int row, int rowBytes) {
        int differing = 0;
        for (long at = (long) row * rowBytes; at < (long) (row + 1) * rowBytes; at++) {
            differing += Integer.bitCount(
                    (one.get(ValueLayout.JAVA_BYTE, at) ^ other.get(ValueLayout.JAVA_BYTE, at)) & 0xff);
        }
        return differing;
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /** {@code s² / n}. */
    private static double varianceOfMean(double[] values, double mean) {
        if (values.length < LEAST_ROWS) {
            return 0; // a module of one row, of which all is known
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return squares / (values.length - 1) / values.length;
    }
}
