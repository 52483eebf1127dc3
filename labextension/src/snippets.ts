/** Cells that people begin with. */
import { TranslationBundle } from '@jupyterlab/translation';

export interface ISnippet {
  id: string;
  label: string;
  source: string;
}

/** The snippets, in the order in which a notebook needs them. */
export function snippets(trans: TranslationBundle): ISnippet[] {
  return [
    { id: 'load', label: trans.__('Load zoo_lab and start a context'), source: '%load_ext zoo_lab\n%zoo_context' },
    {
      id: 'data',
      label: trans.__('Arrays as a FeatureSet'),
      source: 'from zoo_lab.feature import FeatureSet\n\ntrain = FeatureSet.from_numpy(x_train, y_train)'
    },
    {
      id: 'frame',
      label: trans.__('A DataFrame as a FeatureSet'),
      source:
        'from zoo_lab.feature import FeatureSet\n\n' +
        'train = FeatureSet.from_dataframe(df, feature_cols=["features"], label_cols="label")'
    },
    {
      id: 'model',
      label: trans.__('A compiled Keras model'),
      source:
        'import keras\n\n' +
        'model = keras.Sequential([\n' +
        '    keras.layers.Input(x_train.shape[1:]),\n' +
        '    keras.layers.Flatten(),\n' +
        '    keras.layers.Dense(128, activation="relu"),\n' +
        '    keras.layers.Dense(10, activation="softmax"),\n' +
        '])\n' +
        'model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])'
    },
    { id: 'fit', label: trans.__('Train and watch'), source: '%zoo_fit model train --batch-size 256 --epochs 5 -o run' },
    {
      id: 'background',
      label: trans.__('Train in the background'),
      source: 'run = %zoo_fit model train --batch-size 256 --epochs 50 --background'
    },
    { id: 'runs', label: trans.__('Compare the runs so far'), source: '%zoo_runs --compare' }
  ];
}
