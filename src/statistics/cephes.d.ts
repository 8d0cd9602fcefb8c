/** The part of the package that is used here; its own declarations are out of reach of its `exports`. */
declare module "cephes" {
  const cephes: {
    /** Settles when the WebAssembly is ready; no function may be called before. */
    readonly compiled: Promise<void>;
    /** Upper tail of the chi-square distribution. */
    readonly chdtrc: (degreesOfFreedom: number, x: number) => number;
    readonly erfc: (x: number) => number;
    /** Regularised incomplete beta function. */
    readonly incbet: (a: number, b: number, x: number) => number;
    /** ln |Γ(x)| */
    readonly lgam: (x: number) => number;
    /** Inverse of the standard normal distribution function. */
    readonly ndtri: (probability: number) => number;
  };
  export default cephes;
}
