// What the quality panels ask and change, in one place: queries by version, and what must be asked again after a change.
import { queryOptions, useMutation } from '@tanstack/react-query';
import type { MaskOptions, RecipeStep, SplitAsk } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { queryClient } from '../app/queries.ts';

export const askQuality = {
  profile: (id: string, sha: string | undefined, target: string | undefined) =>
    queryOptions({
      queryKey: ['profile', id, sha, target],
      queryFn: () => api.call('datasets.profile', { params: { id }, query: target ? { target } : {} }),
      staleTime: Number.POSITIVE_INFINITY,
    }),
  split: (id: string, sha: string | undefined, query: Partial<SplitAsk> & Pick<SplitAsk, 'by' | 'seed'>) =>
    queryOptions({
      queryKey: ['split', id, sha, query],
      queryFn: () => api.call('datasets.split', { params: { id }, query }),
      staleTime: Number.POSITIVE_INFINITY,
      retry: false,
    }),
  recipe: (id: string) =>
    queryOptions({
      queryKey: ['recipe', id],
      queryFn: () => api.call('datasets.recipe.show', { params: { id } }),
      staleTime: 0,
    }),
  sensitive: (id: string, sha: string | undefined, action: MaskOptions['action']) =>
    queryOptions({
      queryKey: ['sensitive', id, sha, action],
      queryFn: () => api.call('datasets.sensitive', { params: { id }, body: { action } }),
      staleTime: Number.POSITIVE_INFINITY,
    }),
};

/** Everything that depends on the rows of a dataset is asked again. */
export async function refresh(id: string): Promise<void> {
  await Promise.all(
    ['dataset', 'rows', 'recipe', 'labels', 'profile', 'sensitive'].map((key) =>
      queryClient.invalidateQueries({ queryKey: [key, id] }),
    ),
  );
  await queryClient.invalidateQueries({ queryKey: ['datasets'] });
}

/** Adds steps and applies the recipe; without steps, applies it as it stands. */
export function useReshape(id: string) {
  return useMutation({
    mutationFn: async (steps: RecipeStep[]) => {
      const params = { id };
      if (steps.length > 0) await api.call('datasets.recipe.add', { params, body: { steps } });
      return api.call('datasets.recipe.apply', { params, body: {} });
    },
    onSettled: () => refresh(id),
  });
}
