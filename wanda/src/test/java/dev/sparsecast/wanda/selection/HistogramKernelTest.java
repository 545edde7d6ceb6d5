package dev.sparsecast.wanda.selection;

class HistogramKernelTest extends SelectionKernelContract {
    @Override
    SelectionKernel kernel() {
        return new HistogramKernel();
    }
}
