// Data of a view: loaded when its key changes, cancelled when it changes again, the old kept until the new is there.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "./api/client";

export interface Resource<T> {
  data?: T;
  error?: ApiError;
  isLoading: boolean;
  /** Whether it takes long enough to say so. */
  isSlow: boolean;
  reload: () => void;
  replace: (data: T) => void;
}

const SLOW_MILLISECONDS = 1_000;

export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<{ key?: string; data?: T; error?: ApiError }>({});
  const [isLoading, setLoading] = useState(true);
  const [isSlow, setSlow] = useState(false);
  const [round, setRound] = useState(0);
  const loader = useRef(load);
  loader.current = load;

  useEffect(() => {
    const abort = new AbortController();
    setLoading(true);
    const slow = setTimeout(() => setSlow(true), SLOW_MILLISECONDS);
    const end = () => {
      clearTimeout(slow);
      setSlow(false);
      setLoading(false);
    };
    loader.current(abort.signal).then(
      (data) => {
        if (abort.signal.aborted) return;
        setState({ key, data });
        end();
      },
      (error) => {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setState((old) => ({ ...old, error }));
        end();
      },
    );
    return () => {
      abort.abort();
      clearTimeout(slow);
    };
  }, [key, round]);

  const reload = useCallback(() => {
    setState((old) => ({ ...old, error: undefined }));
    setRound((round) => round + 1);
  }, []);
  const replace = useCallback((data: T) => setState({ key, data }), [key]);

  // What failed is asked again when the network is back.
  useEffect(() => {
    if (state.error?.status !== 0) return;
    addEventListener("online", reload);
    return () => removeEventListener("online", reload);
  }, [state.error, reload]);

  return { data: state.data, error: state.error, isLoading, isSlow, reload, replace };
}

/** A value that has not changed for a while. */
export function useDebounced<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
