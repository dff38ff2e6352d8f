from __future__ import annotations

from elman.train import CheckpointStore
from elman.train import saving as saving_module
from elman.train.saving import Saving
from elman.train.training import Training


def make(small, tmp_path, **options):
    training = Training(small.Net(), 8, small.config(**options))
    return training, Saving(training, CheckpointStore(tmp_path))


def test_every_so_many_steps_but_never_in_trouble(small, tmp_path):
    training, saving = make(small, tmp_path, checkpoint_every=4)
    due = []
    for training.step in range(1, 13):
        training.nonfinite = int(training.step == 8)
        due.append(saving.due())
    assert [k + 1 for k, yes in enumerate(due) if yes] == [4, 12]


def test_the_same_moment_is_saved_once(small, tmp_path):
    training, saving = make(small, tmp_path)
    assert saving.save() == []  # nothing has happened yet
    training.step = 3
    assert [saved.step for saved in saving.save()] == [3]
    assert saving.save() == []
    training.validated(1.0)
    assert [saved.step for saved in saving.save()] == [3]


def test_a_slow_disk_is_asked_less_often(small, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(saving_module.time, "monotonic", lambda: now[0])
    training, saving = make(small, tmp_path)
    save = saving.store.save

    def slow(*arguments):
        now[0] += 6.0
        return save(*arguments)

    monkeypatch.setattr(saving.store, "save", slow)
    training.step = 1
    saving.save()
    now[0] += 299.0  # 6 s are two hundredths of 300 s
    assert not saving.due()
    now[0] += 1.0
    assert saving.due()


def test_without_a_store_nothing_is_due(small):
    training = Training(small.Net(), 8, small.config(checkpoint_every=1))
    training.step = 1
    saving = Saving(training, None)
    assert not saving.due() and saving.save() == []
