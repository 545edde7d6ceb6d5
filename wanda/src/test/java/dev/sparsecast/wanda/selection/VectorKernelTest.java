package dev.sparsecast.wanda.selection;

import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.BeforeEach;

class VectorKernelTest extends SelectionKernelContract {
    @BeforeEach
    void onlyWhereItCanRun() {
        assumeThat(VectorKernel.preferredBits()).isGreaterThanOrEqualTo(VectorKernel.LEAST_BITS);
    }

    @Override
    SelectionKernel kernel() {
        return new VectorKernel();
    }
}
